package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The routes into the tunnel: the configured cluster ranges, or else the other nodes' ranges,
 * aggregated. Routes of ours that are no longer wanted go; other people's are never touched.
 */
final class RouteSync implements Synchronizer {
    private final AgentConfig config;
    private final Rtnetlink rtnetlink;
    private final KernelLinks links;
    private final NodePlan plan;
    private List<SubnetLease> leases = List.of();
    private List<Cidr> remote = List.of();
    private List<Route> applied = List.of();
    private boolean isApplied;

    RouteSync(AgentConfig config, Rtnetlink rtnetlink, NodePlan plan) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.links = new KernelLinks(rtnetlink, plan.repairs());
        this.plan = plan;
    }

    @Override
    public String name() {
        return "routes";
    }

    @Override
    public void setDesired(ClusterView view) {
        if (dependsOnOtherNodes() && !view.leases().equals(leases)) {
            leases = view.leases();
            remote =
                    Aggregation.of(
                            leases.stream().flatMap(lease -> lease.podCidrs().stream()).toList());
        }
    }

    @Override
    public boolean dependsOnOtherNodes() {
        return config.clusterCidrs().isEmpty();
    }

    @Override
    public void queueResync() {}

    @Override
    public void apply() throws IOException {
        Link link = links.require(config.tunnel());
        List<Cidr> targets =
                (config.clusterCidrs().isEmpty() ? remote : config.clusterCidrs())
                        .stream().filter(target -> !isRetained(target)).toList();
        List<Route> desired =
                targets.stream().flatMap(target -> route(target, link).stream()).toList();
        List<Route> ours =
                rtnetlink.routes().stream()
                        .filter(route -> route.protocol() == Route.PROTOCOL_CULVERT)
                        .filter(route -> route.table() == Route.MAIN_TABLE)
                        .toList();
        for (Route route : desired) {
            if (ours.stream().noneMatch(each -> same(each, route))) {
                rtnetlink.ensureRoute(route);
                repaired(route, isIn(applied, route));
            }
        }
        for (Route route : ours) {
            if (route.linkIndex() == link.index()
                    && desired.stream().noneMatch(each -> same(each, route))) {
                rtnetlink.deleteRoute(route);
                repaired(route, isApplied && !isIn(applied, route));
            }
        }
        applied = desired;
        isApplied = true;
    }

    /** A new device has no routes: those that went with the old one are no repairs of their own. */
    private static boolean isIn(List<Route> routes, Route route) {
        return routes.stream().anyMatch(each -> same(each, route));
    }

    private void repaired(Route route, boolean foreign) {
        if (foreign) {
            plan.repairs().add(RepairKind.ROUTE, route.destination().toString());
        }
    }

    /** Another node may have it by now, but pods of this node still live in it. */
    private boolean isRetained(Cidr target) {
        return plan.retained().stream().anyMatch(range -> range.contains(target));
    }

    private Optional<Route> route(Cidr target, Link link) {
        return plan.podCidrs().stream()
                .filter(own -> own.family() == target.family())
                .findFirst()
                .map(
                        own ->
                                Route.to(target, link.index())
                                        .withSource(NodeNetwork.tunnelAddress(own)));
    }

    /** Priority is left out: for IPv6 the kernel reports another one than was asked for. */
    private static boolean same(Route one, Route other) {
        return one.destination().equals(other.destination())
                && one.linkIndex() == other.linkIndex()
                && Objects.equals(one.source(), other.source())
                && one.gateway() == null
                && other.gateway() == null;
    }
}
