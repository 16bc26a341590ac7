package dev.culvert.agent;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.metrics.ProcessFigures;
import dev.culvert.agent.probe.PeerHealth;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.agent.status.PolicyReport;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.agent.status.StatusReport.TrafficStatus;
import dev.culvert.net.Cidr;
import dev.culvert.overlay.Feature;
import dev.culvert.overlay.OverlayFeatures;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.TrafficStats.PeerTraffic;
import dev.culvert.overlay.encap.DropReason;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the status is put together from. Immutable.
 *
 * @param conditions readiness conditions
 * @param liveness what else must hold
 * @param warnings sentences besides those of the view
 * @param health what the probe knows of peers, by name
 */
record StatusSource(
        String node,
        Map<String, String> conditions,
        Map<String, String> liveness,
        List<String> warnings,
        @Nullable VtepAnnouncement vtep,
        @Nullable NodeNetwork network,
        @Nullable ClusterView view,
        @Nullable TrafficStats stats,
        @Nullable OverlayFeatures features,
        Map<String, PeerHealth> health,
        List<AddressLease> leases,
        PolicyReport policy,
        StatusReport.SyncStatus sync,
        List<Change> changes) {
    private static final TrafficStatus NOTHING = new TrafficStatus(0, 0, 0);

    StatusReport report() {
        List<String> sentences = new ArrayList<>(warnings);
        if (view != null) {
            sentences.addAll(view.warnings());
        }
        List<PeerStatus> peers = peers();
        return new StatusReport(
                System.currentTimeMillis(),
                ProcessFigures.startedMillis(),
                node,
                Version.text(),
                conditions.values().stream().allMatch(String::isEmpty),
                conditions,
                liveness,
                sentences,
                vtepStatus(),
                view == null ? List.of() : texts(view.podCidrs()),
                network == null ? 0 : network.podMtu(),
                states(peers),
                peers,
                stats == null ? NOTHING : status(stats.egress()),
                stats == null ? NOTHING : status(stats.ingress()),
                drops(),
                featureStatus(),
                leases.stream().map(StatusSource::status).toList(),
                policy,
                sync,
                ProcessFigures.now(),
                changes.stream().map(StatusSource::status).toList());
    }

    private List<PeerStatus> peers() {
        if (view == null) {
            return List.of();
        }
        Map<String, PeerTraffic> traffic = new HashMap<>();
        if (stats != null) {
            stats.peers().forEach(each -> traffic.put(each.vtep().node(), each));
        }
        return view.leases().stream().map(each -> peer(each, traffic.get(each.node()))).toList();
    }

    private static Map<String, Integer> states(List<PeerStatus> peers) {
        Map<String, Integer> states = new LinkedHashMap<>();
        for (PeerHealth.State state : PeerHealth.State.values()) {
            states.put(state.label(), 0);
        }
        peers.forEach(peer -> states.merge(peer.state(), 1, Integer::sum));
        return states;
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

    private PeerStatus peer(SubnetLease lease, @Nullable PeerTraffic traffic) {
        PeerHealth known = health.getOrDefault(lease.node(), PeerHealth.UNKNOWN);
        Long rtt = known.rttNanos();
        return new PeerStatus(
                lease.node(),
                texts(lease.podCidrs()),
                lease.vtep().address().getHostAddress(),
                lease.vtep().port(),
                lease.vtep().mac().toString(),
                known.state().label(),
                rtt == null ? null : Long.valueOf(rtt / 1000),
                known.lossRatio(),
                known.seenMillis(),
                traffic == null ? NOTHING : status(traffic.egress()),
                traffic == null ? NOTHING : status(traffic.ingress()));
    }

    private List<StatusReport.DropStatus> drops() {
        if (stats == null) {
            return List.of();
        }
        return Arrays.stream(DropReason.values())
                .map(
                        reason ->
                                new StatusReport.DropStatus(
                                        reason.direction().label(),
                                        reason.label(),
                                        reason.meaning(),
                                        stats.drops().getOrDefault(reason, 0L)))
                .toList();
    }

    private static StatusReport.LeaseStatus status(AddressLease lease) {
        String container = lease.endpoint().containerId();
        String ifName = lease.endpoint().ifName();
        return new StatusReport.LeaseStatus(
                container,
                ifName,
                Attachment.hostVeth(container, ifName),
                lease.pod(),
                lease.addresses().stream().map(InetAddress::getHostAddress).toList());
    }

    private static StatusReport.ChangeStatus status(Change change) {
        return new StatusReport.ChangeStatus(
                change.time().toEpochMilli(), change.kind().label(), change.text());
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

    private static TrafficStatus status(TrafficStats.Traffic traffic) {
        return new TrafficStatus(traffic.packets(), traffic.bytes(), traffic.drops());
    }

    private static List<String> texts(List<Cidr> cidrs) {
        return cidrs.stream().map(Cidr::toString).toList();
    }
}
