package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.sandbox.BridgePorts;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.SuperPacketLimit;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The bridge of this node's pods, with the gateway addresses and the pods as its ports, and what
 * forwarding needs.
 */
final class BridgeSync implements Synchronizer {
    private static final Logger LOG = LogManager.getLogger(BridgeSync.class);

    private final AgentConfig config;
    private final Rtnetlink rtnetlink;
    private final KernelLinks links;
    private final BridgePorts ports;
    private final WatchedSettings settings;
    private final NodePlan plan;
    private @Nullable BridgeSpec made;

    BridgeSync(AgentConfig config, Rtnetlink rtnetlink, KernelSettings settings, NodePlan plan) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.links = new KernelLinks(rtnetlink, plan.repairs());
        this.ports = new BridgePorts(rtnetlink);
        this.settings = new WatchedSettings(settings, plan.repairs());
        this.plan = plan;
    }

    @Override
    public String name() {
        return "bridge";
    }

    @Override
    public void setDesired(ClusterView view) {}

    @Override
    public void queueResync() {}

    @Override
    public void apply() throws IOException {
        List<Cidr> cidrs = plan.podCidrs();
        int mtu = plan.underlay().podMtu();
        MacAddress mac = MacAddress.ofPod(NodeNetwork.gateway(cidrs.getFirst()));
        BridgeSpec spec = new BridgeSpec(config.bridge(), mac, mtu);
        Link link = ensure(spec);
        made = spec;
        links.forgetAllBut(link.index());
        forwarding(plan.ranges());
        links.prepareIpv6(settings, link);
        links.settle(link, mtu);
        links.addresses(
                link,
                plan.ranges().stream()
                        .map(
                                cidr ->
                                        Address.of(
                                                link.index(),
                                                NodeNetwork.gateway(cidr),
                                                cidr.prefixLength()))
                        .toList());
        rejoin(link);
        plan.publish(
                new NodeNetwork(
                        config.bridge(), cidrs, plan.retained(), mtu, SuperPacketLimit.of(mtu)));
    }

    private void rejoin(Link bridge) throws IOException {
        int joined = ports.rejoin(bridge);
        if (joined > 0) {
            LOG.warn(
                    "pods were cut off the bridge and are put back pods={} bridge={}",
                    joined,
                    bridge.name());
            plan.repairs()
                    .add(RepairKind.PORT, joined, "%d of %s".formatted(joined, bridge.name()));
        }
    }

    private Link ensure(BridgeSpec spec) throws IOException {
        Optional<Link> present = rtnetlink.link(spec.name());
        if (present.isEmpty()) {
            Link created = rtnetlink.createBridge(spec);
            settings.deviceIsNew(spec.name());
            if (made != null) {
                plan.repairs().add(RepairKind.BRIDGE, spec.name());
            }
            return created;
        }
        Link link = present.get();
        if (!link.kind().equals("bridge")) {
            throw new NotReadyException(
                    ("a device named %s exists and is no bridge: delete it (ip link delete %s) or"
                                    + " set another 'bridge' name")
                            .formatted(spec.name(), spec.name()));
        }
        if (!link.mac().equals(spec.mac()) && !hasPorts(link)) {
            rtnetlink.changeLink(link.index(), LinkChange.NONE.withMac(spec.mac()));
            if (made != null && made.mac().equals(spec.mac())) {
                plan.repairs().add(RepairKind.LINK, "%s had %s".formatted(link.name(), link.mac()));
            }
        }
        return link;
    }

    /** Pods remember the bridge's hardware address for good. */
    private boolean hasPorts(Link bridge) throws IOException {
        return rtnetlink.links().stream().anyMatch(link -> link.masterIndex() == bridge.index());
    }

    private void forwarding(List<Cidr> cidrs) throws IOException {
        settings.ensure("net/ipv4/ip_forward", "1");
        if (cidrs.stream().anyMatch(cidr -> cidr.family() == IpFamily.IPV6)) {
            forwardIpv6();
        }
        for (String each : List.of("iptables", "ip6tables")) {
            String path = "net/bridge/bridge-nf-call-" + each;
            if (settings.exists(path)) {
                settings.ensure(path, "1");
            }
        }
    }

    /**
     * A kernel that forwards no longer listens to routers where accept_ra is 1, and forgets what
     * they said: a node that has its default route from them would lose it.
     */
    private void forwardIpv6() throws IOException {
        String forwarding = "net/ipv6/conf/all/forwarding";
        if (settings.value(forwarding).equals("1")) {
            return;
        }
        for (Link link : rtnetlink.links()) {
            String acceptRa = "net/ipv6/conf/" + link.name() + "/accept_ra";
            if (!isOurs(link)
                    && settings.exists(acceptRa)
                    && settings.value(acceptRa).equals("1")) {
                settings.ensure(acceptRa, "2");
            }
        }
        settings.ensure(forwarding, "1");
    }

    private boolean isOurs(Link link) {
        return link.name().equals(config.bridge())
                || link.name().equals(config.tunnel())
                || (link.kind().equals("veth") && link.masterIndex() != 0);
    }

    /** A sentence where the kernel cannot filter between pods of this node, else empty. */
    static String limitation(KernelSettings settings) {
        return settings.exists("net/bridge/bridge-nf-call-iptables")
                ? ""
                : "packets between pods of this node do not pass the packet filter, so Services"
                        + " that lead back to the same node may fail: load the kernel module"
                        + " br_netfilter";
    }
}
