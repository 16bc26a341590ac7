package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.FakeRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Route;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is counted as a repair, and what is not. */
class RepairsTest {
    private static final String UNDERLAY = "192.0.2.1";
    private static final String RP_FILTER = "net/ipv4/conf/culvert.tun/rp_filter";

    private final AgentConfig config = AgentConfig.defaults();
    private final FakeRtnetlink rtnetlink = new FakeRtnetlink();
    private final InMemorySettings files = new InMemorySettings("0");
    private final RecentChanges changes = new RecentChanges();
    private final Repairs repairs = new Repairs(changes);
    private final NodePlan plan = new NodePlan(repairs);
    private final SyncLoop loop =
            new SyncLoop(
                    new ClusterState("n1", 1, List.of()),
                    List.of(
                            new NodeSync(() -> config, rtnetlink, plan, _ -> {}),
                            new BridgeSync(config, rtnetlink, files, plan),
                            new TunnelSync(() -> config, rtnetlink, files, plan),
                            new RouteSync(config, rtnetlink, plan)));
    private final Link uplink = rtnetlink.addLink("eth0", "", MacAddress.ofName("eth0"), 1500);
    private final Link tunnel = rtnetlink.addLink("culvert.tun", "tun", new MacAddress(0), 1500);

    @BeforeEach
    void setUp() throws LinuxException {
        rtnetlink.ensureAddress(Address.of(uplink.index(), IpAddresses.parse(UNDERLAY), 24));
        loop.round(
                List.of(
                        node("n1", "10.244.1.0/24"),
                        node("n2", "10.244.9.0/24"),
                        new ClusterEvent.NodesListed()),
                true);
        assertThat(loop.problems().values()).allMatch(String::isEmpty);
    }

    private static ClusterEvent node(String name, String podCidr) {
        return new ClusterEvent.NodeChanged(
                new NodeInfo(
                        name,
                        "uid",
                        "2026",
                        List.of(IpAddresses.parse(UNDERLAY)),
                        List.of(podCidr),
                        new VtepAnnouncement(
                                IpAddresses.parse("192.0.2.1" + name.charAt(1)),
                                MacAddress.ofName(name),
                                1,
                                4789,
                                false)));
    }

    private void resync() {
        loop.round(List.of(), true);
        assertThat(loop.problems().values()).allMatch(String::isEmpty);
    }

    private Link bridge() throws LinuxException {
        return rtnetlink.link("culvert0").orElseThrow();
    }

    private Map<String, Long> counts() {
        Map<String, Long> counts = new TreeMap<>();
        for (RepairKind kind : RepairKind.values()) {
            if (repairs.count(kind) > 0) {
                counts.put(kind.label(), repairs.count(kind));
            }
        }
        return counts;
    }

    @Test
    void whatIsMadeForTheFirstTimeIsNone() {
        resync();
        assertThat(counts()).isEmpty();
        assertThat(changes.list()).isEmpty();
    }

    @Test
    void whatFollowsAChangeOfWhatShouldBeIsNone() throws LinuxException {
        rtnetlink.changeLink(uplink.index(), LinkChange.NONE.withMtu(1400));
        loop.round(
                List.of(
                        node("n1", "10.244.4.0/24"),
                        node("n3", "10.244.3.0/24"),
                        new ClusterEvent.NodeRemoved("n2")),
                true);
        assertThat(bridge().mtu()).isEqualTo(1350);
        assertThat(counts()).isEmpty();
    }

    @Test
    void aRouteThatSomebodyRemovedOrAddedIsOne() throws LinuxException {
        Route ours =
                rtnetlink.routes().stream()
                        .filter(route -> route.protocol() == Route.PROTOCOL_CULVERT)
                        .findFirst()
                        .orElseThrow();
        rtnetlink.deleteRoute(ours);
        resync();
        assertThat(counts()).isEqualTo(Map.of("route", 1L));
        rtnetlink.ensureRoute(Route.to(Cidr.parse("10.244.77.0/24"), tunnel.index()));
        resync();
        assertThat(counts()).isEqualTo(Map.of("route", 2L));
        assertThat(changes.list())
                .extracting(Change::text)
                .containsExactly(
                        "put right: route 10.244.9.0/24", "put right: route 10.244.77.0/24");
    }

    @Test
    void anAddressThatSomebodyRemovedOrAddedIsOne() throws LinuxException {
        rtnetlink.deleteAddress(Address.of(tunnel.index(), IpAddresses.parse("10.244.1.0"), 32));
        rtnetlink.ensureAddress(Address.of(bridge().index(), IpAddresses.parse("10.7.7.7"), 24));
        resync();
        assertThat(counts()).isEqualTo(Map.of("address", 2L));
    }

    @Test
    void aDeviceThatSomebodyChangedIsOne() throws LinuxException {
        rtnetlink.changeLink(bridge().index(), LinkChange.NONE.withMtu(1200));
        rtnetlink.changeLink(tunnel.index(), LinkChange.NONE.withUp(false));
        resync();
        assertThat(counts())
                .as("and the route that the kernel took away with it")
                .isEqualTo(Map.of("link", 2L, "route", 1L));
        rtnetlink.changeLink(bridge().index(), LinkChange.NONE.withMac(MacAddress.ofName("x")));
        resync();
        assertThat(counts()).isEqualTo(Map.of("link", 3L, "route", 1L));
    }

    @Test
    void aBridgeThatSomebodyDeletedIsOneWithAllThatWasOnIt() throws LinuxException {
        rtnetlink.deleteLink(bridge().index());
        resync();
        assertThat(counts()).isEqualTo(Map.of("bridge", 1L));
    }

    @Test
    void aPodThatSomebodyTookOffTheBridgeIsOne() throws LinuxException {
        Link pod = rtnetlink.addLink("cv0123456789a", "veth", MacAddress.ofName("pod"), 1450);
        rtnetlink.changeLink(pod.index(), LinkChange.NONE.withAlias("a pod").withUp(true));
        resync();
        assertThat(counts()).isEqualTo(Map.of("port", 1L));
    }

    @Test
    void aSettingThatSomebodyChangedIsOne() {
        files.values.put(RP_FILTER, "1");
        resync();
        assertThat(counts()).isEqualTo(Map.of("sysctl", 1L));
        assertThat(files.values).containsEntry(RP_FILTER, "2");
    }

    @Test
    void aRoundThatFailsIsCountedByItsPart() throws LinuxException {
        rtnetlink.deleteLink(tunnel.index());
        loop.round(List.of(), true);
        assertThat(loop.stats().dirty()).isTrue();
        assertThat(loop.stats().failures())
                .containsEntry("tunnel", 1L)
                .containsEntry("node", 0L)
                .containsEntry("routes", 0L);
    }
}
