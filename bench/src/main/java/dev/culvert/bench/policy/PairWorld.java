package dev.culvert.bench.policy;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.policy.Direction;
import dev.culvert.agent.policy.LabelSelector;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyPeer;
import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.policy.PolicyPort;
import dev.culvert.agent.policy.PolicyRule;
import dev.culvert.agent.policy.PolicySpec;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.Protocol;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A cluster, and in it two more pods of this node that may speak with each other because a policy
 * says so. One thread.
 *
 * @param cluster all else
 */
record PairWorld(PolicyWorld cluster) {
    static final InetAddress CLIENT = PolicyWorld.OWN_RANGE.address(253);
    static final InetAddress SERVER = PolicyWorld.OWN_RANGE.address(254);
    private static final String NAMESPACE = "pair";

    private static PolicyPod pod(String name, InetAddress address) {
        return new PolicyPod(
                NAMESPACE, name, 0, Map.of("app", name), List.of(address), List.of(), false, false);
    }

    private static NetworkPolicyInfo policy() {
        PolicyRule rule =
                new PolicyRule(
                        List.of(new PolicyPeer.Pods(null, LabelSelector.ALL)),
                        List.of(PolicyPort.range(Protocol.UDP, 7000, 7000)));
        PolicySpec spec =
                new PolicySpec(
                        LabelSelector.ALL,
                        Set.of(Direction.INGRESS, Direction.EGRESS),
                        List.of(rule),
                        List.of(rule));
        return new NetworkPolicyInfo(NAMESPACE, "pair", "pair", spec, "");
    }

    /** All that there is, as the watches tell it. */
    List<ClusterEvent> listed() {
        List<ClusterEvent> events = new ArrayList<>(cluster.listed());
        events.add(new PolicyEvent.PolicyChanged(policy()));
        events.add(new PolicyEvent.NamespaceChanged(new PolicyNamespace(NAMESPACE, Map.of())));
        events.add(new PolicyEvent.PeerChanged(pod("client", CLIENT)));
        events.add(new PolicyEvent.PeerChanged(pod("server", SERVER)));
        return events;
    }

    /** The pods that are attached on the node. */
    List<LocalPod> attached() {
        List<LocalPod> attached = new ArrayList<>(cluster.attached());
        attached.add(local("client", CLIENT));
        attached.add(local("server", SERVER));
        return attached;
    }

    private static LocalPod local(String name, InetAddress address) {
        Endpoint endpoint = new Endpoint(name, "eth0");
        AddressLease lease = new AddressLease(endpoint, List.of(address), NAMESPACE + "/" + name);
        return new LocalPod(lease, null);
    }
}
