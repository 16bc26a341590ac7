package dev.culvert.agent.status;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /status} says: a contract, read by the command line and the page too. Immutable;
 * every component is printed as it is. Times are milliseconds since 1970. Counters only grow, until
 * the agent or its data path starts anew: two reports and their {@code timeMillis} give rates.
 *
 * @param timeMillis when this was put together
 * @param startedMillis when the agent started
 * @param node this node's name
 * @param version the agent's
 * @param ready whether every condition holds
 * @param conditions readiness conditions: a sentence each, empty when it holds
 * @param liveness what keeps the agent from being restarted, likewise
 * @param warnings what is wrong without keeping this node from working
 * @param vtep this node's tunnel endpoint, or null while unknown
 * @param podCidrs this node's pod ranges
 * @param podMtu bytes of a pod's largest packet, 0 while unknown
 * @param peerStates how many peers are in each state, by {@link PeerStatus#state}
 * @param peers the other nodes, by name
 * @param egress to peers, in inner packets
 * @param ingress from peers
 * @param drops dropped packets by reason; all reasons, once there is a data path
 * @param features what the data path was asked to do and does; empty while there is none
 * @param leases addresses of this node's pods
 * @param policy what becomes of network policies
 * @param sync how the kernel is kept as it should be
 * @param process the agent's process
 * @param changes the latest notable changes, the oldest first
 */
public record StatusReport(
        long timeMillis,
        long startedMillis,
        String node,
        String version,
        boolean ready,
        Map<String, String> conditions,
        Map<String, String> liveness,
        List<String> warnings,
        @Nullable VtepStatus vtep,
        List<String> podCidrs,
        int podMtu,
        Map<String, Integer> peerStates,
        List<PeerStatus> peers,
        TrafficStatus egress,
        TrafficStatus ingress,
        List<DropStatus> drops,
        List<FeatureStatus> features,
        List<LeaseStatus> leases,
        PolicyReport policy,
        SyncStatus sync,
        ProcessStatus process,
        List<ChangeStatus> changes) {

    /** Dropped packets of one reason, 0 for one that is not there. */
    public long dropped(String reason) {
        return drops.stream()
                .filter(each -> each.reason().equals(reason))
                .mapToLong(DropStatus::packets)
                .sum();
    }

    /** A tunnel endpoint. */
    public record VtepStatus(String ip, int port, String mac, int vni) {}

    /** How much went one way; {@code drops} are packets that did not. */
    public record TrafficStatus(long packets, long bytes, long drops) {}

    /**
     * Another node, and what was exchanged with it.
     *
     * @param node its name
     * @param prefixes its pod ranges
     * @param ip its underlay address
     * @param port its UDP port
     * @param mac the hardware address of its tunnel endpoint
     * @param state {@code up}, {@code lossy}, {@code down}, or {@code unknown} while the probe has
     *     not found out
     * @param rttMicros the smoothed round-trip time of the probe through the overlay, in
     *     microseconds; null before the first answer
     * @param lossRatio how many of the latest probes were not answered, 0 to 1; null before the
     *     first
     * @param lastSeenMillis when it last answered a probe; null before
     * @param egress to it
     * @param ingress from it
     */
    public record PeerStatus(
            String node,
            List<String> prefixes,
            String ip,
            int port,
            String mac,
            String state,
            @Nullable Long rttMicros,
            @Nullable Double lossRatio,
            @Nullable Long lastSeenMillis,
            TrafficStatus egress,
            TrafficStatus ingress) {}

    /** Packets that the data path did not pass on; {@code meaning} is for people. */
    public record DropStatus(String direction, String reason, String meaning, long packets) {}

    /** A part of the data path; {@code reason} says why it is off though it was asked for. */
    public record FeatureStatus(String name, boolean wanted, boolean enabled, String reason) {}

    /**
     * A pod's interface and its addresses.
     *
     * @param container the runtime's name of the sandbox
     * @param interfaceName the interface in the pod
     * @param hostInterface the node's end of it
     * @param pod {@code namespace/name}, empty when the runtime did not tell
     * @param addresses what it holds
     */
    public record LeaseStatus(
            String container,
            String interfaceName,
            String hostInterface,
            String pod,
            List<String> addresses) {}

    /**
     * How the kernel is kept as it should be.
     *
     * @param dirty whether a change waits or something could not be applied
     * @param lastSuccessMillis when everything was last as it should be; null before
     * @param failures how often each part failed
     * @param repairs what others changed and the agent put right, by kind
     */
    public record SyncStatus(
            boolean dirty,
            @Nullable Long lastSuccessMillis,
            Map<String, Long> failures,
            Map<String, Long> repairs) {}

    /**
     * The agent's process.
     *
     * @param java the version of the Java runtime
     * @param heapUsedBytes of the heap
     * @param heapMaxBytes what the heap may grow to
     * @param residentBytes memory of the whole process; 0 where it cannot be read
     * @param threads Java threads
     * @param cpuMillis time of all cores used since the start
     */
    public record ProcessStatus(
            String java,
            long heapUsedBytes,
            long heapMaxBytes,
            long residentBytes,
            int threads,
            long cpuMillis) {}

    /**
     * Something notable that happened.
     *
     * @param kind {@code peer}, {@code health}, {@code repair}, {@code readiness}, {@code api},
     *     {@code node} or {@code config}
     */
    public record ChangeStatus(long timeMillis, String kind, String text) {}
}
