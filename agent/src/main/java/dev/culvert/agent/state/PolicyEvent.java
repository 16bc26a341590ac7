package dev.culvert.agent.state;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyPod;

/** Something that changed among network policies and what they are about. */
public sealed interface PolicyEvent extends ClusterEvent {

    /** A policy is there, new or changed. */
    record PolicyChanged(NetworkPolicyInfo policy) implements PolicyEvent {
        @Override
        public String key() {
            return "policy/" + policy.key();
        }
    }

    /** A policy is gone. */
    record PolicyRemoved(String policyKey) implements PolicyEvent {
        @Override
        public String key() {
            return "policy/" + policyKey;
        }
    }

    /** All policies that there are have been told. */
    record PoliciesListed() implements PolicyEvent {
        @Override
        public String key() {
            return "policies-listed";
        }
    }

    /** A pod, of whatever node, is there, new or changed. */
    record PeerChanged(PolicyPod pod) implements PolicyEvent {
        @Override
        public String key() {
            return "peer/" + pod.key();
        }
    }

    /** A pod, of whatever node, is gone. */
    record PeerRemoved(String podKey) implements PolicyEvent {
        @Override
        public String key() {
            return "peer/" + podKey;
        }
    }

    /** All pods of the cluster that there are have been told. */
    record PeersListed() implements PolicyEvent {
        @Override
        public String key() {
            return "peers-listed";
        }
    }

    /** A namespace is there, new or changed. */
    record NamespaceChanged(PolicyNamespace namespace) implements PolicyEvent {
        @Override
        public String key() {
            return "namespace/" + namespace.name();
        }
    }

    /** A namespace is gone. */
    record NamespaceRemoved(String name) implements PolicyEvent {
        @Override
        public String key() {
            return "namespace/" + name;
        }
    }

    /** All namespaces that there are have been told. */
    record NamespacesListed() implements PolicyEvent {
        @Override
        public String key() {
            return "namespaces-listed";
        }
    }

    /** There is no policy any more: pods and namespaces are no longer watched, nor known. */
    record PeersForgotten() implements PolicyEvent {
        @Override
        public String key() {
            return "peers-forgotten";
        }
    }
}
