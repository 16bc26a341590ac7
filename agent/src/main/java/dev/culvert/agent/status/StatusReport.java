package dev.culvert.agent.status;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /status} says: a contract, read by the command line too. Immutable; every component
 * is printed as it is.
 *
 * @param node this node's name
 * @param version the agent's
 * @param ready whether every condition holds
 * @param conditions readiness conditions: a sentence each, empty when it holds
 * @param warnings what is wrong without keeping this node from working
 * @param vtep this node's tunnel endpoint, or null while unknown
 * @param podCidrs this node's pod ranges
 * @param podMtu bytes of a pod's largest packet, 0 while unknown
 * @param peers the other nodes
 * @param egress to peers, in inner packets
 * @param ingress from peers
 * @param drops dropped packets by reason
 * @param features what the data path was asked to do and does; empty while there is none
 * @param leases addresses of this node's pods
 */
public record StatusReport(
        String node,
        String version,
        boolean ready,
        Map<String, String> conditions,
        List<String> warnings,
        @Nullable VtepStatus vtep,
        List<String> podCidrs,
        int podMtu,
        List<PeerStatus> peers,
        TrafficStatus egress,
        TrafficStatus ingress,
        Map<String, Long> drops,
        List<FeatureStatus> features,
        List<LeaseStatus> leases) {

    /** A tunnel endpoint. */
    public record VtepStatus(String ip, int port, String mac, int vni) {}

    /** How much went one way. */
    public record TrafficStatus(long packets, long bytes) {}

    /** Another node, and what was exchanged with it. */
    public record PeerStatus(
            String node,
            List<String> prefixes,
            String ip,
            int port,
            String mac,
            TrafficStatus egress,
            TrafficStatus ingress) {}

    /** A part of the data path; {@code reason} says why it is off though it was asked for. */
    public record FeatureStatus(String name, boolean wanted, boolean enabled, String reason) {}

    /** An address of a pod. */
    public record LeaseStatus(
            String container, String interfaceName, String pod, List<String> addresses) {}
}
