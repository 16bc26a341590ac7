package dev.culvert.agent.policy;

import org.jspecify.annotations.Nullable;

/**
 * Pods that policies choose by labels, wherever the policy is. Equal selections of several policies
 * share their set. Immutable, any thread.
 *
 * @param namespace the only one they are in, or null
 * @param namespaces the labels of those they are in, or null
 * @param pods their own labels
 */
record PodSelection(
        @Nullable String namespace, @Nullable LabelSelector namespaces, LabelSelector pods) {
    /** Every pod. */
    static final PodSelection ALL = new PodSelection(null, LabelSelector.ALL, LabelSelector.ALL);

    /** The pods that a peer means, in a policy of {@code namespace}. */
    static PodSelection of(String namespace, PolicyPeer.Pods peer) {
        return peer.namespaces() == null
                ? new PodSelection(namespace, null, peer.pods())
                : new PodSelection(null, peer.namespaces(), peer.pods());
    }

    /** The pods that a policy is about. */
    static PodSelection about(NetworkPolicyInfo policy) {
        return new PodSelection(policy.namespace(), null, policy.spec().pods());
    }

    /** Whether a pod is chosen and can be. */
    boolean matches(PolicyPod pod, PolicyState state) {
        return pod.isPeer() && includes(pod.namespace(), state) && pods.matches(pod.labels());
    }

    /**
     * Whether pods of that namespace can be chosen. One whose labels are not known yet is chosen
     * only by those who choose all.
     */
    boolean includes(String name, PolicyState state) {
        if (namespaces == null) {
            return name.equals(namespace);
        }
        PolicyNamespace known = state.namespace(name);
        return known == null
                ? namespaces.equals(LabelSelector.ALL)
                : namespaces.matches(known.labels());
    }

    /** Whether the labels of namespaces matter. */
    boolean dependsOnNamespaces() {
        return namespaces != null && !namespaces.equals(LabelSelector.ALL);
    }

    /** What tells it from all others. */
    String identity() {
        String where = namespaces == null ? "in " + namespace : "where " + namespaces.identity();
        return where + " pods " + pods.identity();
    }
}
