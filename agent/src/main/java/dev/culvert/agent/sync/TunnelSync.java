package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.function.Supplier;

/** Addresses, MTU and queue of the TUN device, which the overlay has created. */
final class TunnelSync implements Synchronizer {
    private final Supplier<AgentConfig> config;
    private final Rtnetlink rtnetlink;
    private final KernelLinks links;
    private final WatchedSettings settings;
    private final NodePlan plan;
    private int settledIndex;
    private int settledLength;

    /**
     * @param config the current one, asked each time
     */
    TunnelSync(
            Supplier<AgentConfig> config,
            Rtnetlink rtnetlink,
            KernelSettings settings,
            NodePlan plan) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.links = new KernelLinks(rtnetlink, plan.repairs());
        this.settings = new WatchedSettings(settings, plan.repairs());
        this.plan = plan;
    }

    @Override
    public String name() {
        return "tunnel";
    }

    @Override
    public void setDesired(ClusterView view) {}

    @Override
    public void queueResync() {}

    @Override
    public void apply() throws IOException {
        Link link = links.require(config.get().tunnel());
        int length = config.get().transmitQueueLength();
        if (link.index() != settledIndex || length != settledLength) {
            // The kernel does not report it back: set once for each device, else each look at the
            // device would be a change of it.
            rtnetlink.changeLink(link.index(), LinkChange.NONE.withTransmitQueueLength(length));
            settledLength = length;
        }
        if (link.index() != settledIndex) {
            settings.deviceIsNew(link.name());
            links.forgetAllBut(link.index());
            settledIndex = link.index();
        }
        settings(link);
        links.settle(link, plan.underlay().podMtu());
        links.addresses(link, plan.ranges().stream().map(cidr -> host(link, cidr)).toList());
    }

    private void settings(Link link) throws IOException {
        // Names may hold dots, which sysctl(8) would take for separators: paths do not.
        settings.ensure("net/ipv4/conf/" + link.name() + "/rp_filter", "2");
        // The data path answers pods in this node's name: see the overlay's IcmpErrors.
        settings.ensure(
                "net/ipv4/conf/" + link.name() + "/accept_local",
                config.get().dataPath().icmpErrors() ? "1" : "0");
        links.prepareIpv6(settings, link);
    }

    private static Address host(Link link, Cidr cidr) {
        IpFamily family = cidr.family();
        return Address.of(link.index(), NodeNetwork.tunnelAddress(cidr), family.addressBits());
    }
}
