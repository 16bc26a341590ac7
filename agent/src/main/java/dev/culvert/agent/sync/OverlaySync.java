package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.DataPathConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.Feature;
import dev.culvert.overlay.Overlay;
import dev.culvert.overlay.OverlayConfig;
import dev.culvert.overlay.OverlayFeatures;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.fdb.Fdb;
import java.io.IOException;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The data path: opened when this node knows its address and ranges, opened anew when they change,
 * and told of the other nodes' ranges. The sync thread's; {@link #stats} and {@link #features} may
 * be read by any.
 */
final class OverlaySync implements Synchronizer {
    private static final Logger LOG = LogManager.getLogger(OverlaySync.class);

    private final Supplier<AgentConfig> config;
    private final String nodeName;
    private final NodePlan plan;
    private final Consumer<Overlay> opened;
    private final Consumer<VtepAnnouncement> announce;
    private final Consumer<Notice> notices;
    private final Set<Feature> reported = EnumSet.noneOf(Feature.class);
    private List<SubnetLease> leases = List.of();
    private Fdb desired = Fdb.EMPTY;
    private volatile @Nullable Fdb published;
    private OverlayConfig.@Nullable Offload openedWith;
    private volatile @Nullable Overlay overlay;

    /**
     * @param opened is told of each new data path, to bind its meters
     * @param announce is told this node's VTEP once packets for it are accepted
     * @param notices is told when the data path was lost
     */
    OverlaySync(
            Supplier<AgentConfig> config,
            String nodeName,
            NodePlan plan,
            Consumer<Overlay> opened,
            Consumer<VtepAnnouncement> announce,
            Consumer<Notice> notices) {
        this.config = config;
        this.nodeName = nodeName;
        this.plan = plan;
        this.opened = opened;
        this.announce = announce;
        this.notices = notices;
    }

    @Override
    public String name() {
        return "overlay";
    }

    @Override
    public void setDesired(ClusterView view) {
        if (!view.leases().equals(leases)) {
            leases = view.leases();
            desired =
                    Fdb.of(leases.stream().flatMap(lease -> lease.fdbEntries().stream()).toList());
        }
    }

    @Override
    public boolean dependsOnOtherNodes() {
        return true;
    }

    /**
     * The database is in this process: nobody else changes it, and openness is asked every time.
     */
    @Override
    public void queueResync() {}

    @Override
    public Notice.Reason failureReason() {
        return Notice.Reason.DATA_PATH_NOT_OPEN;
    }

    @Override
    public void apply() throws IOException {
        AgentConfig settings = config.get();
        OverlayConfig wanted = wanted(settings);
        OverlayConfig.Offload offload = offload(settings.dataPath());
        Overlay current = overlay;
        boolean fits =
                current != null && current.config().equals(wanted) && offload.equals(openedWith);
        if (current == null || !fits || !current.isOpen()) {
            if (current != null && !current.isOpen()) {
                plan.repairs().add(RepairKind.TUNNEL, settings.tunnel());
                notices.accept(
                        new Notice(
                                Notice.Reason.DATA_PATH_LOST,
                                "the data path was closed under the agent, perhaps because somebody"
                                        + " deleted the device %s; it is opened anew"
                                                .formatted(settings.tunnel())));
            }
            close();
            current = new Overlay(wanted, offload);
            current.start();
            overlay = current;
            openedWith = offload;
            reported.clear();
            opened.accept(current);
        }
        report(current.features());
        current.limitTo(plan.underlay().podMtu());
        if (!desired.equals(published)) {
            current.publish(desired);
            published = desired;
        }
        announce.accept(
                new VtepAnnouncement(
                        wanted.localAddress(),
                        wanted.localMac(),
                        wanted.vni(),
                        wanted.port(),
                        settings.dataPath().remoteChecksum(),
                        plan.retained()));
    }

    private OverlayConfig wanted(AgentConfig settings) throws NotReadyException {
        return new OverlayConfig(
                settings.tunnel(),
                settings.vni(),
                plan.underlay().address(),
                settings.port(),
                MacAddress.ofName(nodeName),
                plan.ranges(),
                settings.eventLoops(),
                settings.dataPath().icmpErrors() ? gateways(plan.podCidrs()) : List.of(),
                tuning(settings.dataPath()));
    }

    /** What answers pods in the kernel's place has the address by which they know it. */
    private static List<InetAddress> gateways(List<Cidr> podCidrs) {
        return podCidrs.stream().map(NodeNetwork::gateway).toList();
    }

    static OverlayConfig.Offload offload(DataPathConfig dataPath) {
        return new OverlayConfig.Offload(
                dataPath.tunOffload() ? TunFeatures.ALL : TunFeatures.NONE,
                dataPath.udpSegmentation(),
                dataPath.udpReceiveOffload(),
                dataPath.coalescing(),
                dataPath.remoteChecksum());
    }

    static OverlayConfig.Tuning tuning(DataPathConfig dataPath) {
        return new OverlayConfig.Tuning(
                dataPath.inheritsDscp() ? OuterDscp.INHERIT : OuterDscp.NONE,
                dataPath.spinMicros());
    }

    /** Says once, for each data path, what it does not do though it was asked to. */
    private void report(OverlayFeatures features) {
        for (Feature feature : Feature.values()) {
            OverlayFeatures.State state = features.of(feature);
            if (!state.reason().isEmpty() && reported.add(feature)) {
                LOG.warn("feature={} is off: {}", feature.label(), state.reason());
            }
        }
    }

    /** What the data path does, or null while there is none. */
    @Nullable OverlayFeatures features() {
        Overlay current = overlay;
        return current == null ? null : current.features();
    }

    /** What packets are forwarded by, or null while there is no data path. */
    @Nullable Fdb fdb() {
        return published;
    }

    /** The data path, or null while there is none. */
    @Nullable Overlay overlay() {
        return overlay;
    }

    /** The counters now, or null while there is no data path. */
    @Nullable TrafficStats stats() {
        Overlay current = overlay;
        return current == null ? null : current.stats();
    }

    @Override
    public void close() {
        Overlay current = overlay;
        overlay = null;
        published = null;
        if (current != null) {
            current.close();
        }
    }
}
