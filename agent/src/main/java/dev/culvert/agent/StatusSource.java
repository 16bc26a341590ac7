package dev.culvert.agent;

import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.net.Cidr;
import dev.culvert.overlay.Feature;
import dev.culvert.overlay.OverlayFeatures;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.TrafficStats.PeerTraffic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the status is put together from. Immutable.
 *
 * @param conditions readiness conditions
 * @param warnings sentences besides those of the view
 */
record StatusSource(
        String node,
        Map<String, String> conditions,
        List<String> warnings,
        @Nullable VtepAnnouncement vtep,
        @Nullable NodeNetwork network,
        @Nullable ClusterView view,
        @Nullable TrafficStats stats,
        @Nullable OverlayFeatures features,
        List<StatusReport.LeaseStatus> leases) {
    private static final StatusReport.TrafficStatus NOTHING = new StatusReport.TrafficStatus(0, 0);

    StatusReport report() {
        List<String> sentences = new ArrayList<>(warnings);
        if (view != null) {
            sentences.addAll(view.warnings());
        }
        return new StatusReport(
                node,
                Version.text(),
                conditions.values().stream().allMatch(String::isEmpty),
                conditions,
                sentences,
                vtepStatus(),
                view == null ? List.of() : texts(view.podCidrs()),
                network == null ? 0 : network.podMtu(),
                view == null ? List.of() : view.leases().stream().map(this::peer).toList(),
                stats == null ? NOTHING : status(stats.egress()),
                stats == null ? NOTHING : status(stats.ingress()),
                drops(),
                featureStatus(),
                leases);
    }

    private StatusReport.@Nullable VtepStatus vtepStatus() {
        return vtep == null
                ? null
                : new StatusReport.VtepStatus(
                        vtep.address().getHostAddress(),
                        vtep.port(),
                        vtep.mac().toString(),
                        vtep.vni());
    }

    private StatusReport.PeerStatus peer(SubnetLease lease) {
        PeerTraffic traffic = null;
        if (stats != null) {
            for (PeerTraffic each : stats.peers()) {
                traffic = each.vtep().equals(lease.vtep()) ? each : traffic;
            }
        }
        return new StatusReport.PeerStatus(
                lease.node(),
                texts(lease.podCidrs()),
                lease.vtep().address().getHostAddress(),
                lease.vtep().port(),
                lease.vtep().mac().toString(),
                traffic == null ? NOTHING : status(traffic.egress()),
                traffic == null ? NOTHING : status(traffic.ingress()));
    }

    private Map<String, Long> drops() {
        Map<String, Long> drops = new TreeMap<>();
        if (stats != null) {
            stats.drops().forEach((reason, count) -> drops.put(reason.label(), count));
        }
        return drops;
    }

    private List<StatusReport.FeatureStatus> featureStatus() {
        if (features == null) {
            return List.of();
        }
        return Arrays.stream(Feature.values())
                .map(each -> status(each, features.of(each)))
                .toList();
    }

    private static StatusReport.FeatureStatus status(Feature feature, OverlayFeatures.State state) {
        return new StatusReport.FeatureStatus(
                feature.label(), state.wanted(), state.enabled(), state.reason());
    }

    private static StatusReport.TrafficStatus status(TrafficStats.Traffic traffic) {
        return new StatusReport.TrafficStatus(traffic.packets(), traffic.bytes());
    }

    private static List<String> texts(List<Cidr> cidrs) {
        return cidrs.stream().map(Cidr::toString).toList();
    }
}
