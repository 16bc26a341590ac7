package dev.culvert.agent.metrics;

import dev.culvert.agent.probe.PeerHealth;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.TrafficStats.PeerTraffic;
import dev.culvert.overlay.TrafficStats.Traffic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that there is to tell of one peer. Immutable.
 *
 * @param node its name
 * @param health what the probe knows of it
 * @param egress what was sent to it
 * @param ingress what came from it
 */
public record PeerFigures(String node, PeerHealth health, Traffic egress, Traffic ingress) {
    private static final Traffic NOTHING = new Traffic(0, 0, 0);

    /** Puts them together, one for each lease and in their order. */
    public static List<PeerFigures> of(
            List<SubnetLease> leases,
            @Nullable TrafficStats stats,
            Map<String, PeerHealth> health) {
        Map<String, PeerTraffic> traffic = new HashMap<>();
        if (stats != null) {
            stats.peers().forEach(each -> traffic.put(each.vtep().node(), each));
        }
        return leases.stream()
                .map(
                        lease ->
                                of(
                                        lease.node(),
                                        health.getOrDefault(lease.node(), PeerHealth.UNKNOWN),
                                        traffic.get(lease.node())))
                .toList();
    }

    private static PeerFigures of(String node, PeerHealth health, @Nullable PeerTraffic traffic) {
        return traffic == null
                ? new PeerFigures(node, health, NOTHING, NOTHING)
                : new PeerFigures(node, health, traffic.egress(), traffic.ingress());
    }
}
