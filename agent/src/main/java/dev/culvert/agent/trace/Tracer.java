package dev.culvert.agent.trace;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.agent.status.TraceReport;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.RouteDecision;
import dev.culvert.linux.route.RouteQuery;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Follows one packet, in the calling thread. Used once. */
public final class Tracer {
    /** In place of a protocol. */
    public static final String ANY = "any";

    private static final int OUTER_IPV4 = 50;
    private static final int OUTER_IPV6 = 70;

    private final NodeFacts facts;
    private final RouteLookup routes;
    private final RulesLookup rules;
    private final Flow flow;
    private final List<TraceReport.Step> steps = new ArrayList<>();

    /**
     * The packet.
     *
     * @param protocol {@code tcp}, {@code udp}, {@code sctp} or {@code any}
     * @param port 0 for any
     */
    public record Flow(InetAddress source, InetAddress destination, String protocol, int port) {}

    /** How it ends. */
    private record End(boolean arrives, String text) {}

    /**
     * @param facts this node
     * @param routes the kernel's decisions in the same namespace
     * @param rules what the packet filter does there
     */
    public Tracer(NodeFacts facts, RouteLookup routes, RulesLookup rules, Flow flow) {
        this.facts = facts;
        this.routes = routes;
        this.rules = rules;
        this.flow = flow;
    }

    /** The whole way. */
    public TraceReport trace() {
        End end = fromSource();
        steps.add(new TraceReport.Step("end", end.arrives() ? "ok" : "drop", end.text()));
        return new TraceReport(
                text(flow.source()),
                text(flow.destination()),
                flow.protocol(),
                flow.port(),
                steps,
                end.arrives(),
                end.text());
    }

    private End fromSource() {
        Optional<AddressLease> lease = facts.lease(flow.source());
        if (lease.isPresent()) {
            String trouble = podEnd("source", lease.get(), flow.source());
            return trouble.isEmpty()
                    ? routed(facts.link(bridge()).map(Link::index).orElse(0))
                    : new End(false, trouble);
        }
        if (facts.isOwn(flow.source())) {
            ok("source", text(flow.source()) + " is this node itself");
            return routed(0);
        }
        Optional<FdbEntry> peer = facts.peer(flow.source());
        if (peer.isPresent()) {
            Vtep vtep = peer.get().vtep();
            ok(
                    "source",
                    "%s is of %s, the range of node %s: traced from its arrival here; run the same"
                                    .formatted(
                                            text(flow.source()), peer.get().prefix(), vtep.node())
                            + " trace on that node for the way before");
            ok("tunnel", "accepted from %s alone".formatted(text(vtep.address())));
            return routed(facts.link(facts.tunnel()).map(Link::index).orElse(0));
        }
        return new End(false, stranger());
    }

    private String stranger() {
        boolean ours =
                facts.network() != null && facts.network().rangeOf(flow.source()).isPresent();
        return ours
                ? "no pod of this node has %s, though it is of this node's range"
                        .formatted(text(flow.source()))
                : ("%s is neither a pod of this node, nor this node, nor of a range of another"
                                + " node: nothing is known about its packets here")
                        .formatted(text(flow.source()));
    }

    /** Gives a sentence about what is wrong, or an empty text. */
    private String podEnd(String what, AddressLease lease, InetAddress address) {
        String veth =
                Attachment.hostVeth(lease.endpoint().containerId(), lease.endpoint().ifName());
        String pod = lease.pod().isEmpty() ? lease.endpoint().toString() : "pod " + lease.pod();
        Optional<Link> found = facts.link(veth);
        if (found.isEmpty()) {
            return "%s has a lease of %s, but its veth %s is gone: make the pod anew"
                    .formatted(pod, text(address), veth);
        }
        Link link = found.get();
        String master = facts.link(link.masterIndex()).map(Link::name).orElse("no bridge");
        ok(
                what,
                "%s is %s on veth %s, %s, port of %s, MTU %d"
                        .formatted(
                                text(address),
                                pod,
                                veth,
                                link.up() ? "up" : "down",
                                master,
                                link.mtu()));
        if (!link.up()) {
            return "veth %s is down: ip link set %s up".formatted(veth, veth);
        }
        return master.equals(bridge())
                ? ""
                : "veth %s is not a port of %s: the agent puts it back, see its log"
                        .formatted(veth, bridge());
    }

    private String bridge() {
        return facts.network() == null ? "culvert0" : facts.network().bridge();
    }

    private End routed(int arrivesOn) {
        RouteDecision decision;
        try {
            // The node's own packets are asked for with their source too: rules may look at it.
            decision = routes.lookup(new RouteQuery(flow.destination(), flow.source(), arrivesOn));
        } catch (LinuxException e) {
            return new End(false, "the kernel would not route it: " + e.getMessage());
        }
        String link = name(decision.linkIndex());
        ok("route", "the kernel's choice: " + describe(decision, link));
        String forbidden = policy(decision.local());
        if (!forbidden.isEmpty()) {
            return new End(false, forbidden);
        }
        if (decision.local()) {
            return new End(true, "delivered to this node itself, " + text(flow.destination()));
        }
        if (link.equals(bridge())) {
            return toPod(decision.linkIndex());
        }
        return link.equals(facts.tunnel()) ? toPeer() : outside(decision, link);
    }

    /** Gives a sentence if network policies drop it here, or an empty text. */
    private String policy(boolean toNode) {
        if (toNode || facts.isOwn(flow.source())) {
            ok("policy", "none: what a node and its pods say to each other always passes");
            return "";
        }
        Protocol protocol = flow.protocol().equals(ANY) ? null : Protocol.parse(flow.protocol());
        PolicyVerdict verdict =
                rules.verdict(flow.source(), flow.destination(), protocol, flow.port());
        if (verdict == null) {
            note("policy", "not known yet: what was in force stays in force");
            return "";
        }
        if (verdict.allowed()) {
            ok("policy", verdict.reason());
            return "";
        }
        if (protocol == null || flow.port() == 0) {
            note("policy", "it depends, name --protocol and --port; without: " + verdict.reason());
            return "";
        }
        return "network policies drop it: " + verdict.reason();
    }

    private static String describe(RouteDecision decision, String link) {
        InetAddress gateway = decision.gateway();
        return "%s%s%s"
                .formatted(
                        decision.local() ? "local" : "dev " + link,
                        gateway == null ? "" : " via " + text(gateway),
                        decision.mtu() == 0 ? "" : " mtu " + decision.mtu());
    }

    private End toPod(int bridge) {
        Optional<AddressLease> lease = facts.lease(flow.destination());
        if (lease.isEmpty()) {
            return new End(
                    false,
                    "no pod of this node has %s: nobody answers ARP or neighbour discovery for it"
                            .formatted(text(flow.destination())));
        }
        String trouble = podEnd("destination", lease.get(), flow.destination());
        if (!trouble.isEmpty()) {
            return new End(false, trouble);
        }
        facts.neighbor(bridge, flow.destination())
                .ifPresentOrElse(
                        each -> ok("neighbour", each.mac() + " on " + bridge()),
                        () -> note("neighbour", "not resolved yet: the kernel will ask"));
        String veth =
                Attachment.hostVeth(
                        lease.get().endpoint().containerId(), lease.get().endpoint().ifName());
        return new End(
                true, "delivered to %s on veth %s".formatted(text(flow.destination()), veth));
    }

    private End toPeer() {
        note("masquerade", "none between pods");
        if (facts.fdb() == null) {
            return new End(
                    false,
                    "the data path is not open, so packets wait in %s: see culvert status"
                            .formatted(facts.tunnel()));
        }
        Optional<FdbEntry> entry = facts.peer(flow.destination());
        if (entry.isEmpty()) {
            return new End(
                    false,
                    "no node has %s: egress drop no_vtep, answered with ICMP net unreachable"
                            .formatted(text(flow.destination())));
        }
        Vtep vtep = entry.get().vtep();
        ok(
                "fdb",
                "%s is of node %s, VTEP %s port %d, MAC %s"
                        .formatted(
                                entry.get().prefix(),
                                vtep.node(),
                                text(vtep.address()),
                                vtep.port(),
                                vtep.mac()));
        return underlay(vtep);
    }

    private End underlay(Vtep vtep) {
        RouteDecision decision;
        try {
            decision = routes.lookup(RouteQuery.fromHere(vtep.address()));
        } catch (LinuxException e) {
            return new End(
                    false,
                    "the node cannot reach the VTEP of %s: %s"
                            .formatted(vtep.node(), e.getMessage()));
        }
        String link = name(decision.linkIndex());
        ok("underlay", "to %s: %s".formatted(text(vtep.address()), describe(decision, link)));
        mtu(decision, vtep);
        facts.status(vtep.node()).ifPresent(this::health);
        return new End(
                true,
                "leaves by %s for node %s, which delivers it: run the same trace there"
                        .formatted(link, vtep.node()));
    }

    /** What the probe through the overlay found out: no drop here, but perhaps there. */
    private void health(PeerStatus peer) {
        switch (peer.state()) {
            case "up" ->
                    ok("peer", "%s answers the probe, in %d us".formatted(peer.node(), rtt(peer)));
            case "lossy" ->
                    note(
                            "peer",
                            "%s answers the probe, but packets to or from it get lost: %.0f %% of the latest"
                                    .formatted(peer.node(), loss(peer) * 100));
            case "down" ->
                    note(
                            "peer",
                            "%s does not answer the probe: see culvert ping %s, and its agent"
                                    .formatted(peer.node(), peer.node()));
            default ->
                    note(
                            "peer",
                            "it is not known how %s is: nobody has asked".formatted(peer.node()));
        }
    }

    private static long rtt(PeerStatus peer) {
        return peer.rttMicros() == null ? 0 : peer.rttMicros();
    }

    private static double loss(PeerStatus peer) {
        return peer.lossRatio() == null ? 0 : peer.lossRatio();
    }

    private void mtu(RouteDecision decision, Vtep vtep) {
        int link = facts.link(decision.linkIndex()).map(Link::mtu).orElse(0);
        int outer = decision.mtu() == 0 ? link : decision.mtu();
        boolean ipv4 = IpFamily.of(vtep.address()) == IpFamily.IPV4;
        int room = outer - (ipv4 ? OUTER_IPV4 : OUTER_IPV6);
        int pod = facts.network() == null ? 0 : facts.network().podMtu();
        String text = "pods send up to %d bytes, the underlay has room for %d".formatted(pod, room);
        steps.add(new TraceReport.Step("mtu", pod <= room ? "ok" : "note", text));
    }

    private End outside(RouteDecision decision, String link) {
        masquerade();
        InetAddress gateway = decision.gateway();
        return new End(
                true,
                "leaves by %s %s"
                        .formatted(
                                link,
                                gateway == null
                                        ? "to a host on that link"
                                        : "to the gateway " + text(gateway)));
    }

    private void masquerade() {
        boolean ofPod = facts.lease(flow.source()).isPresent();
        if (ofPod && rules.isMasqueraded(flow.destination())) {
            ok("masquerade", "it leaves with this node's address");
        } else {
            note("masquerade", "not masqueraded by Culvert: it leaves with its own source address");
        }
    }

    private String name(int index) {
        return facts.link(index).map(Link::name).orElse("interface " + index);
    }

    private void ok(String what, String text) {
        steps.add(new TraceReport.Step(what, "ok", text));
    }

    private void note(String what, String text) {
        steps.add(new TraceReport.Step(what, "note", text));
    }

    private static String text(@Nullable InetAddress address) {
        return address == null ? "-" : address.getHostAddress();
    }
}
