package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.FakeRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Route;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SyncLoopTest {
    private static final String UNDERLAY = "192.0.2.1";

    private final AgentConfig config = AgentConfig.defaults();
    private final FakeRtnetlink rtnetlink = new FakeRtnetlink();
    private final InMemorySettings settings = new InMemorySettings("1");
    private final NodePlan plan = new NodePlan();
    private final List<Notice> notices = new ArrayList<>();
    private final SyncLoop loop =
            new SyncLoop(
                    new ClusterState("n1", 1, List.of()),
                    List.of(
                            new NodeSync(() -> config, rtnetlink, plan, notices::add),
                            new BridgeSync(config, rtnetlink, settings, plan),
                            new TunnelSync(() -> config, rtnetlink, settings, plan),
                            new RouteSync(config, rtnetlink, plan)));
    private final Link uplink = rtnetlink.addLink("eth0", "", MacAddress.ofName("eth0"), 1500);

    @BeforeEach
    void giveTheNodeItsAddress() throws LinuxException {
        rtnetlink.ensureAddress(Address.of(uplink.index(), IpAddresses.parse(UNDERLAY), 24));
    }

    @Test
    void doesNothingBeforeTheNodesAreListed() {
        loop.round(List.of(node("n1", "10.244.1.0/24")), true);
        assertThat(loop.view()).isNull();
        assertThat(loop.problems()).containsEntry("node", "not done yet");
    }

    @Test
    void setsUpBridgeTunnelAndRoutes() throws LinuxException {
        tunnel();
        ready();
        assertThat(loop.problems().values()).allMatch(String::isEmpty);
        Link bridge = rtnetlink.link("culvert0").orElseThrow();
        assertThat(bridge.mac()).isEqualTo(MacAddress.parse("0a:58:0a:f4:01:01"));
        assertThat(bridge.mtu()).isEqualTo(1450);
        assertThat(bridge.up()).isTrue();
        assertThat(addressesOf(bridge)).containsExactly("10.244.1.1/24");
        Link tun = rtnetlink.link("culvert.tun").orElseThrow();
        assertThat(addressesOf(tun)).containsExactly("10.244.1.0/32");
        assertThat(routes()).containsExactly("10.244.2.0/23");
        assertThat(plan.network())
                .isEqualTo(
                        new NodeNetwork(
                                "culvert0", List.of(Cidr.parse("10.244.1.0/24")), 1450, 62_202));
        assertThat(settings.values)
                .containsEntry("net/ipv4/ip_forward", "1")
                .containsEntry("net/ipv4/conf/culvert.tun/rp_filter", "2")
                .containsEntry("net/ipv4/conf/culvert.tun/accept_local", "1");
    }

    @Test
    void aSecondRoundChangesNothing() {
        tunnel();
        ready();
        List<String> calls = rtnetlink.calls();
        loop.round(List.of(), true);
        assertThat(rtnetlink.calls()).isEqualTo(calls);
    }

    @Test
    void doesNotReadThisNodesLinksWhenOnlyAnotherNodeChanged() {
        tunnel();
        ready();
        rtnetlink.failNext("links", Errno.EIO);
        loop.round(List.of(node("n4", "10.244.4.0/24")), false);
        assertThat(loop.problems().values()).allMatch(String::isEmpty);
        loop.round(List.of(), true);
        assertThat(loop.problems().get("node")).contains("EIO");
    }

    @Test
    void followsTheRangesOfOtherNodesThatChange() throws LinuxException {
        tunnel();
        ready();
        loop.round(List.of(new ClusterEvent.NodeRemoved("n3")), false);
        assertThat(routes()).containsExactly("10.244.2.0/24");
    }

    @Test
    void tellsHowLongEachEventTook() {
        List<Long> durations = new CopyOnWriteArrayList<>();
        tunnel();
        loop.measure(durations::add);
        loop.start();
        try {
            loop.submit(node("n1", "10.244.1.0/24"));
            loop.submit(node("n2", "10.244.2.0/24"));
            loop.submit(new ClusterEvent.NodesListed());
            await().atMost(Duration.ofSeconds(30)).until(() -> durations.size() == 3);
            assertThat(durations).allMatch(nanos -> nanos > 0);
        } finally {
            loop.close();
        }
    }

    @Test
    void repairsWhatOthersBreak() throws LinuxException {
        tunnel();
        ready();
        rtnetlink.deleteLink(rtnetlink.link("culvert0").orElseThrow().index());
        for (Route route : rtnetlink.routes()) {
            rtnetlink.deleteRoute(route);
        }
        loop.round(List.of(), true);
        assertThat(rtnetlink.link("culvert0")).isPresent();
        assertThat(routes()).containsExactly("10.244.2.0/23");
    }

    @Test
    void removesItsOwnStraysAndLeavesOtherRoutesAlone() throws LinuxException {
        Link tun = tunnel();
        Route foreign =
                new Route(
                        Cidr.parse("10.9.0.0/16"),
                        tun.index(),
                        null,
                        null,
                        0,
                        Route.PROTOCOL_STATIC,
                        Route.MAIN_TABLE,
                        0,
                        false);
        rtnetlink.ensureRoute(foreign);
        rtnetlink.ensureRoute(Route.to(Cidr.parse("10.244.77.0/24"), tun.index()));
        ready();
        assertThat(routes()).containsExactlyInAnyOrder("10.9.0.0/16", "10.244.2.0/23");
    }

    @Test
    void followsAPodCidrThatChanges() throws LinuxException {
        tunnel();
        ready();
        loop.round(List.of(node("n1", "10.244.8.0/24")), false);
        Link bridge = rtnetlink.link("culvert0").orElseThrow();
        assertThat(addressesOf(bridge)).containsExactly("10.244.8.1/24");
        assertThat(bridge.mac()).isEqualTo(MacAddress.parse("0a:58:0a:f4:08:01"));
    }

    @Test
    void saysThatThePodCidrOverlapsTheUnderlay() {
        loop.round(List.of(node("n1", "192.0.2.0/25"), new ClusterEvent.NodesListed()), true);
        assertThat(loop.problems().get("node"))
                .contains("podCIDR 192.0.2.0/25 overlaps the network 192.0.2.0/24")
                .contains("eth0");
        assertThat(loop.problems()).containsEntry("bridge", "waits for node");
        assertThat(plan.network()).isNull();
    }

    @Test
    void saysThatTheNodesAddressIsNotHere() throws LinuxException {
        rtnetlink.deleteAddress(Address.of(uplink.index(), IpAddresses.parse(UNDERLAY), 24));
        ready();
        assertThat(loop.problems().get("node"))
                .contains("none of the InternalIPs [192.0.2.1] of node n1");
    }

    @Test
    void takesTheConfiguredInterfaceWhenNoInternalIpIsHere() throws Exception {
        Link other = rtnetlink.addLink("eth1", "", MacAddress.ofName("eth1"), 9000);
        rtnetlink.ensureAddress(Address.of(other.index(), IpAddresses.parse("198.51.100.1"), 24));
        NodeInfo away = away("192.0.2.77");
        for (String selector : List.of("eth1", "198.51.100.0/24", "/.*1/")) {
            assertThat(find(away, selector)).hasToString("eth1 198.51.100.1 mtu 9000");
        }
        assertThat(find(away, "/eth./").link()).isEqualTo("eth0");
        assertThat(find(away(UNDERLAY), "eth1").link()).isEqualTo("eth0");
    }

    @Test
    void saysWhatThereWasToChooseFrom() {
        assertThatThrownBy(() -> find(away("192.0.2.77"), "eth7"))
                .hasMessageContaining("interface 'eth7' selects none; it has eth0 192.0.2.1");
        assertThatThrownBy(() -> find(away("192.0.2.77"), ""))
                .hasMessageContaining("set 'interface'; it has eth0 192.0.2.1");
    }

    private Underlay find(NodeInfo self, String selector) throws Exception {
        AgentConfig chosen =
                AgentConfig.load(AgentConfig.DEFAULT_FILE, Map.of("CULVERT_INTERFACE", selector));
        return Underlay.find(self, List.of(), chosen, rtnetlink);
    }

    private static NodeInfo away(String ip) {
        return new NodeInfo("n1", "u", "2026", List.of(IpAddresses.parse(ip)), List.of(), null);
    }

    @Test
    void followsTheUnderlaysMtuAndSaysSo() throws LinuxException {
        tunnel();
        ready();
        rtnetlink.changeLink(uplink.index(), LinkChange.NONE.withMtu(1400));
        loop.round(List.of(), true);
        assertThat(rtnetlink.link("culvert0").orElseThrow().mtu()).isEqualTo(1350);
        assertThat(rtnetlink.link("culvert.tun").orElseThrow().mtu()).isEqualTo(1350);
        assertThat(notices)
                .containsExactly(
                        new Notice(
                                Notice.Reason.UNDERLAY_CHANGED,
                                "the underlay changed from eth0 192.0.2.1 mtu 1500 to eth0"
                                        + " 192.0.2.1 mtu 1400"));
    }

    @Test
    void doesNotTakeAnAddressThatAnOlderNodeAnnounces() {
        tunnel();
        loop.round(
                List.of(
                        node("n1", "10.244.1.0/24", UNDERLAY, "2026"),
                        node("n2", "10.244.2.0/24", UNDERLAY, "2025"),
                        new ClusterEvent.NodesListed()),
                true);
        assertThat(loop.problems().get("node"))
                .contains("node n1 announces the address 192.0.2.1 of the older node n2");
        loop.round(List.of(node("n1", "10.244.1.0/24", "192.0.2.99", "2026")), true);
        assertThat(loop.problems()).containsEntry("node", "");
    }

    @Test
    void triesAgainAfterAFailure() {
        tunnel();
        rtnetlink.failNext("createBridge", Errno.EPERM);
        ready();
        assertThat(loop.problems().get("bridge")).contains("EPERM");
        loop.round(List.of(), false);
        assertThat(loop.problems().values()).allMatch(String::isEmpty);
    }

    @Test
    void refusesADeviceThatIsNoBridge() {
        rtnetlink.addLink("culvert0", "dummy", MacAddress.ofName("x"), 1500);
        ready();
        assertThat(loop.problems().get("bridge")).contains("is no bridge");
    }

    @Test
    void pausesDoubleUpToALimit() {
        Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));
        assertThat(backoff.pause(Duration.ofSeconds(30))).isEqualTo(Duration.ofSeconds(30));
        backoff.failed();
        assertThat(backoff.pause(Duration.ZERO)).isEqualTo(Duration.ofMillis(250));
        backoff.failed();
        assertThat(backoff.pause(Duration.ZERO)).isEqualTo(Duration.ofMillis(500));
        for (int i = 0; i < 100; i++) {
            backoff.failed();
        }
        assertThat(backoff.pause(Duration.ZERO)).isEqualTo(Duration.ofSeconds(15));
        backoff.succeeded();
        assertThat(backoff.pause(Duration.ZERO)).isEqualTo(Duration.ZERO);
    }

    @Test
    void aggregatesToExactlyTheSameAddresses() {
        assertThat(aggregate("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"))
                .containsExactly("10.0.0.0/22");
        assertThat(aggregate("10.0.1.0/24", "10.0.2.0/24"))
                .containsExactlyInAnyOrder("10.0.1.0/24", "10.0.2.0/24");
        assertThat(aggregate("10.0.0.0/16", "10.0.7.0/24")).containsExactly("10.0.0.0/16");
        assertThat(aggregate("fd00::/64", "fd00:0:0:1::/64", "10.0.0.0/24"))
                .containsExactlyInAnyOrder("fd00:0:0:0:0:0:0:0/63", "10.0.0.0/24");
        assertThat(aggregate("0.0.0.0/1", "128.0.0.0/1")).containsExactly("0.0.0.0/0");
    }

    private static List<String> aggregate(String... cidrs) {
        return Aggregation.of(List.of(cidrs).stream().map(Cidr::parse).toList()).stream()
                .map(Cidr::toString)
                .toList();
    }

    private void ready() {
        loop.round(
                List.of(
                        node("n1", "10.244.1.0/24"),
                        node("n2", "10.244.2.0/24"),
                        node("n3", "10.244.3.0/24"),
                        new ClusterEvent.NodesListed()),
                true);
    }

    @Test
    void whoWaitsGoesOnOnceARoundIsApplied() throws Exception {
        tunnel();
        ready();
        loop.start();
        try {
            loop.awaitRound(Duration.ofSeconds(30));
            rtnetlink.deleteLink(rtnetlink.link("culvert.tun").orElseThrow().index());
            loop.requestResync();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !loop.problems().getOrDefault("tunnel", "").isEmpty());
            assertThatThrownBy(() -> loop.awaitRound(Duration.ofMillis(50)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is not in force after 0 s")
                    .hasMessageContaining("culvert.tun");
            tunnel();
            loop.awaitRound(Duration.ofSeconds(30));
            assertThat(loop.problems().values()).allMatch(String::isEmpty);
        } finally {
            loop.close();
        }
    }

    /** The overlay's part. */
    private Link tunnel() {
        return rtnetlink.addLink("culvert.tun", "tun", new MacAddress(0), 1500);
    }

    private List<String> routes() throws LinuxException {
        return rtnetlink.routes().stream().map(route -> route.destination().toString()).toList();
    }

    private List<String> addressesOf(Link link) throws LinuxException {
        List<String> texts = new ArrayList<>();
        for (Address address : rtnetlink.addresses()) {
            if (address.linkIndex() == link.index()) {
                texts.add(address.local().getHostAddress() + "/" + address.prefixLength());
            }
        }
        return texts;
    }

    private static ClusterEvent node(String name, String podCidr) {
        return node(name, podCidr, "192.0.2.1" + name.charAt(1), "2026");
    }

    private static ClusterEvent node(String name, String podCidr, String vtep, String created) {
        return new ClusterEvent.NodeChanged(
                new NodeInfo(
                        name,
                        "uid",
                        created,
                        List.of(IpAddresses.parse(UNDERLAY)),
                        List.of(podCidr),
                        new VtepAnnouncement(
                                IpAddresses.parse(vtep), MacAddress.ofName(name), 1, 4789, false)));
    }
}
