package dev.culvert.agent.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.PodInfo;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.agent.status.StatusReport.TrafficStatus;
import dev.culvert.agent.status.TraceReport;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.RouteDecision;
import dev.culvert.linux.route.RouteQuery;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TracerTest {
    private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:01");
    private static final String WEB = Attachment.hostVeth("web", "eth0");
    private static final String DB = Attachment.hostVeth("db", "eth0");
    private static final int ETH0 = 2;
    private static final int BRIDGE = 3;
    private static final int TUN = 4;
    private static final Vtep NODE2 = new Vtep("node2", ip("192.0.2.2"), 4789, MAC);

    private final List<RouteQuery> asked = new ArrayList<>();
    private List<Link> links =
            List.of(
                    link(ETH0, "eth0", "", 1500, true, 0),
                    link(BRIDGE, "culvert0", "bridge", 1450, true, 0),
                    link(TUN, "culvert.tun", "tun", 1450, true, 0),
                    link(5, WEB, "veth", 1450, true, BRIDGE),
                    link(6, DB, "veth", 1450, true, BRIDGE));
    private @Nullable List<FdbEntry> fdb =
            List.of(new FdbEntry(Cidr.parse("10.244.2.0/24"), NODE2));

    private List<PeerStatus> peers = List.of();

    private @Nullable PolicyVerdict verdict =
            new PolicyVerdict(true, "no policy is about it", List.of());

    /** A packet filter that masquerades what goes to 203.0.113.0/24. */
    private final RulesLookup rules =
            new RulesLookup() {
                @Override
                public @Nullable PolicyVerdict verdict(
                        InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
                    return verdict;
                }

                @Override
                public boolean isMasqueraded(InetAddress destination) {
                    return Cidr.parse("203.0.113.0/24").contains(destination);
                }
            };

    private static InetAddress ip(String text) {
        return IpAddresses.parse(text);
    }

    private static Link link(int index, String name, String kind, int mtu, boolean up, int master) {
        return new Link(index, name, kind, MAC, mtu, up, master, 0, "");
    }

    private static AddressLease lease(String pod, String address) {
        return new AddressLease(new Endpoint(pod, "eth0"), List.of(ip(address)), "default/" + pod);
    }

    private TraceReport trace(String from, String to) {
        return trace(new Tracer.Flow(ip(from), ip(to), Tracer.ANY, 0));
    }

    private TraceReport trace(Tracer.Flow flow) {
        NodeFacts facts =
                new NodeFacts(
                        links,
                        List.of(Address.of(ETH0, ip("192.0.2.1"), 24)),
                        List.of(new Neighbor(BRIDGE, ip("10.244.1.3"), MAC, true)),
                        List.of(lease("web", "10.244.1.2"), lease("db", "10.244.1.3")),
                        new NodeNetwork(
                                "culvert0", List.of(Cidr.parse("10.244.1.0/24")), 1450, 65536),
                        "culvert.tun",
                        fdb,
                        peers);
        return new Tracer(facts, this::route, rules, flow).trace();
    }

    /** A kernel with the usual routes. */
    private RouteDecision route(RouteQuery query) throws LinuxException {
        asked.add(query);
        InetAddress to = query.destination();
        if (to.equals(ip("192.0.2.1"))) {
            return new RouteDecision(true, 1, null, null, 0);
        }
        if (Cidr.parse("10.244.1.0/24").contains(to)) {
            return new RouteDecision(false, BRIDGE, null, null, 0);
        }
        if (Cidr.parse("10.244.0.0/16").contains(to)) {
            return new RouteDecision(false, TUN, null, null, 0);
        }
        if (Cidr.parse("198.18.0.0/15").contains(to)) {
            throw new LinuxException("netlink", Errno.ENETUNREACH, "look up route");
        }
        boolean near = Cidr.parse("192.0.2.0/24").contains(to);
        return new RouteDecision(false, ETH0, near ? null : ip("192.0.2.254"), null, 0);
    }

    @Test
    void deliversToAPodOfTheSameNode() {
        TraceReport report = trace("10.244.1.2", "10.244.1.3");
        assertThat(report.arrives()).isTrue();
        assertThat(report.end()).isEqualTo("delivered to 10.244.1.3 on veth " + DB);
        assertThat(report.steps())
                .extracting(TraceReport.Step::what)
                .containsExactly("source", "route", "policy", "destination", "neighbour", "end");
        assertThat(asked)
                .containsExactly(new RouteQuery(ip("10.244.1.3"), ip("10.244.1.2"), BRIDGE));
    }

    @Test
    void leavesForTheNodeThatServesTheDestination() {
        TraceReport report = trace("10.244.1.2", "10.244.2.7");
        assertThat(report.arrives()).isTrue();
        assertThat(report.end()).startsWith("leaves by eth0 for node node2");
        assertThat(report.steps())
                .anySatisfy(
                        step -> {
                            assertThat(step.what()).isEqualTo("fdb");
                            assertThat(step.text()).contains("10.244.2.0/24", "192.0.2.2");
                        });
    }

    @Test
    void tellsHowTheOtherNodeIs() {
        assertThat(trace("10.244.1.2", "10.244.2.7").steps())
                .extracting(TraceReport.Step::what)
                .doesNotContain("peer");
        peers = List.of(peer("up", 220L, 0.0));
        assertThat(peerStep()).isEqualTo("ok node2 answers the probe, in 220 us");
        peers = List.of(peer("lossy", 220L, 0.25));
        assertThat(peerStep()).startsWith("note node2 answers").contains("get lost: 25 % of");
        peers = List.of(peer("down", null, 1.0));
        assertThat(peerStep()).startsWith("note node2 does not answer the probe");
        peers = List.of(peer("unknown", null, null));
        assertThat(peerStep()).startsWith("note it is not known how node2 is");
    }

    private String peerStep() {
        return trace("10.244.1.2", "10.244.2.7").steps().stream()
                .filter(step -> step.what().equals("peer"))
                .map(step -> step.result() + " " + step.text())
                .findFirst()
                .orElse("none");
    }

    private static PeerStatus peer(String state, @Nullable Long rtt, @Nullable Double loss) {
        TrafficStatus nothing = new TrafficStatus(0, 0, 0);
        return new PeerStatus(
                "node2",
                List.of("10.244.2.0/24"),
                "192.0.2.2",
                4789,
                MAC.toString(),
                state,
                rtt,
                loss,
                null,
                nothing,
                nothing);
    }

    @Test
    void takesTheLongestPrefixOfTheForwardingDatabase() {
        Vtep other = new Vtep("node3", ip("192.0.2.3"), 4789, MAC);
        fdb =
                List.of(
                        new FdbEntry(Cidr.parse("10.244.2.0/25"), other),
                        new FdbEntry(Cidr.parse("10.244.2.0/24"), NODE2));
        assertThat(trace("10.244.1.2", "10.244.2.7").end()).contains("node3");
        assertThat(trace("10.244.1.2", "10.244.2.200").end()).contains("node2");
    }

    @Test
    void endsWhereNoNodeServesTheDestination() {
        TraceReport report = trace("10.244.1.2", "10.244.77.3");
        assertThat(report.arrives()).isFalse();
        assertThat(report.end()).startsWith("no node has 10.244.77.3: egress drop no_vtep");
        assertThat(report.steps().getLast().result()).isEqualTo("drop");
    }

    @Test
    void endsWhereTheDataPathIsNotOpen() {
        fdb = null;
        assertThat(trace("10.244.1.2", "10.244.2.7").end()).contains("the data path is not open");
    }

    @Test
    void endsWhereNoPodHasTheAddress() {
        assertThat(trace("10.244.1.2", "10.244.1.77").end())
                .startsWith("no pod of this node has 10.244.1.77");
        assertThat(trace("10.244.1.77", "10.244.1.2").end())
                .startsWith("no pod of this node has 10.244.1.77, though");
    }

    @Test
    void endsWhereAVethIsGoneOrDownOrElsewhere() {
        List<Link> all = links;
        links = all.stream().filter(link -> !link.name().equals(DB)).toList();
        assertThat(trace("10.244.1.2", "10.244.1.3").end()).contains("veth " + DB + " is gone");
        links = new ArrayList<>(links);
        links.add(link(6, DB, "veth", 1450, false, BRIDGE));
        assertThat(trace("10.244.1.2", "10.244.1.3").end()).contains("is down");
        links.set(links.size() - 1, link(6, DB, "veth", 1450, true, 0));
        assertThat(trace("10.244.1.2", "10.244.1.3").end()).contains("not a port of culvert0");
    }

    @Test
    void leavesTheClusterWithTheNodesAddressOrItsOwn() {
        TraceReport report = trace("10.244.1.2", "203.0.113.9");
        assertThat(report.end()).isEqualTo("leaves by eth0 to the gateway 192.0.2.254");
        assertThat(report.steps())
                .extracting(TraceReport.Step::text)
                .contains("it leaves with this node's address");
        assertThat(trace("10.244.1.2", "198.51.100.9").steps())
                .extracting(TraceReport.Step::text)
                .contains("not masqueraded by Culvert: it leaves with its own source address");
    }

    @Test
    void endsWherePoliciesDropIt() {
        verdict = new PolicyVerdict(false, "shop/deny", List.of("shop/deny"));
        Tracer.Flow http = new Tracer.Flow(ip("10.244.1.2"), ip("10.244.1.3"), "tcp", 80);
        TraceReport report = trace(http);
        assertThat(report.arrives()).isFalse();
        assertThat(report.end()).isEqualTo("network policies drop it: shop/deny");
        assertThat(trace("10.244.1.2", "10.244.1.3").steps())
                .extracting(TraceReport.Step::text)
                .contains("it depends, name --protocol and --port; without: shop/deny");
        assertThat(trace("192.0.2.1", "10.244.1.3").arrives()).isTrue();
        verdict = null;
        assertThat(trace(http).steps())
                .extracting(TraceReport.Step::text)
                .contains("not known yet: what was in force stays in force");
    }

    @Test
    void endsWhereTheKernelWouldNotRouteIt() {
        assertThat(trace("10.244.1.2", "198.18.0.1").end())
                .startsWith("the kernel would not route it")
                .contains("ENETUNREACH");
    }

    @Test
    void tracesTheNodesOwnPacketsAndThoseOfOtherNodes() {
        assertThat(trace("192.0.2.1", "10.244.1.2").end()).contains("delivered to 10.244.1.2");
        assertThat(trace("10.244.2.9", "10.244.1.2").steps().getFirst().text())
                .contains("the range of node node2");
        assertThat(asked.getLast().arrivesOn()).isEqualTo(TUN);
        assertThat(trace("10.244.1.2", "192.0.2.1").end()).contains("this node itself");
        assertThat(trace("203.0.113.9", "10.244.1.2").arrives()).isFalse();
    }

    @Test
    void saysWhenPodsSendMoreThanTheUnderlayCarries() {
        links = new ArrayList<>(links);
        links.set(0, link(ETH0, "eth0", "", 1400, true, 0));
        assertThat(trace("10.244.1.2", "10.244.2.7").steps())
                .contains(
                        new TraceReport.Step(
                                "mtu",
                                "note",
                                "pods send up to 1450 bytes, the underlay has room for 1350"));
    }

    @Test
    void findsPodsByTheirName() {
        Map<String, PodInfo> pods =
                Map.of(
                        "default/web",
                        new PodInfo(
                                "default", "web", "1", List.of(ip("fd00::2"), ip("10.244.1.2"))),
                        "default/new",
                        new PodInfo("default", "new", "2", List.of()));
        List<InetAddress> web = TraceTarget.resolve("default/web", pods);
        assertThat(TraceTarget.pair(web, List.of(ip("10.244.2.7"))))
                .containsExactly(ip("10.244.1.2"), ip("10.244.2.7"));
        assertThatThrownBy(() -> TraceTarget.resolve("default/db", pods))
                .hasMessageContaining("this node has no pod default/db");
        assertThatThrownBy(() -> TraceTarget.resolve("default/new", pods))
                .hasMessageContaining("has no address yet");
        assertThatThrownBy(() -> TraceTarget.resolve("web", pods))
                .hasMessageContaining("'web' is neither an IP address nor");
    }
}
