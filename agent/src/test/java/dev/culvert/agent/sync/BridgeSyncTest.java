package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.FakeRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BridgeSyncTest {
    private static final InetAddress UPLINK = IpAddresses.parse("192.0.2.1");

    private final AgentConfig config = AgentConfig.defaults();
    private final FakeRtnetlink rtnetlink = new FakeRtnetlink();
    private final Files files = new Files();
    private final NodePlan plan = new NodePlan();
    private final BridgeSync sync = new BridgeSync(config, rtnetlink, files, plan);

    @BeforeEach
    void haveAnUplink() throws LinuxException {
        Link uplink = rtnetlink.addLink("eth0", "", MacAddress.ofName("eth0"), 1500);
        rtnetlink.ensureAddress(Address.of(uplink.index(), UPLINK, 24));
        files.values.put("net/ipv6/conf/eth0/accept_ra", "1");
        files.values.put("net/ipv6/conf/culvert0/accept_ra", "1");
        files.values.put("net/ipv6/conf/culvert0/accept_dad", "1");
        files.values.put("net/ipv6/conf/culvert0/disable_ipv6", "1");
        files.values.put("net/ipv6/conf/all/forwarding", "0");
        files.values.put("net/ipv4/ip_forward", "0");
    }

    private void apply(String... ranges) throws IOException {
        NodeInfo node = new NodeInfo("n1", "", "", List.of(UPLINK), List.of(ranges), null);
        plan.set(Underlay.find(node, cidrs(ranges), config, rtnetlink), cidrs(ranges));
        sync.apply();
    }

    private static List<Cidr> cidrs(String... texts) {
        return Arrays.stream(texts).map(Cidr::parse).toList();
    }

    private Link bridge() throws LinuxException {
        return rtnetlink.link("culvert0").orElseThrow();
    }

    private List<String> gateways() throws LinuxException {
        return rtnetlink.addresses().stream()
                .filter(address -> !address.local().equals(UPLINK))
                .map(address -> address.local().getHostAddress())
                .toList();
    }

    private List<Cidr> retained(String range, String... held) throws IOException {
        List<InetAddress> addresses = Arrays.stream(held).map(IpAddresses::parse).toList();
        return Retention.find("culvert0", cidrs(range), addresses, rtnetlink);
    }

    private Link veth(String name, String alias, boolean up) throws LinuxException {
        Link link = rtnetlink.addLink(name, "veth", MacAddress.ofName(name), 1450);
        LinkChange change = LinkChange.NONE.withAlias(alias).withUp(up);
        rtnetlink.changeLink(link.index(), change);
        return link;
    }

    private int masterOf(Link link) throws LinuxException {
        return rtnetlink.link(link.name()).orElseThrow().masterIndex();
    }

    @Test
    void putsPodsBackOnABridgeThatIsMadeAgain() throws IOException {
        apply("10.244.1.0/24");
        Link pod = veth("cv0123456789a", "a pod", true);
        Link half = veth("cv0123456789b", "a pod", false);
        Link nameless = veth("cv0123456789c", "", true);
        Link foreign = veth("veth0", "somebody's", true);
        int first = bridge().index();
        sync.apply();
        assertThat(masterOf(pod)).isEqualTo(first);

        rtnetlink.deleteLink(first);
        assertThat(masterOf(pod)).isZero();
        sync.apply();
        assertThat(bridge().index()).isNotEqualTo(first);
        assertThat(masterOf(pod)).isEqualTo(bridge().index());
        assertThat(rtnetlink.lastChange(pod.index()).hairpin()).isTrue();
        assertThat(List.of(masterOf(half), masterOf(nameless), masterOf(foreign)))
                .as("what is being made, and what is others'")
                .containsOnly(0);
    }

    @Test
    void takesPodsBackFromAnotherBridge() throws IOException {
        apply("10.244.1.0/24");
        Link other = rtnetlink.addLink("br0", "bridge", MacAddress.ofName("br0"), 1500);
        Link pod = veth("cv0123456789a", "a pod", true);
        rtnetlink.changeLink(pod.index(), LinkChange.NONE.withMaster(other.index()));
        sync.apply();
        assertThat(masterOf(pod)).isEqualTo(bridge().index());
        List<String> calls = rtnetlink.calls();
        sync.apply();
        assertThat(rtnetlink.calls()).as("nothing is done twice").isEqualTo(calls);
    }

    @Test
    void keepsListeningToRoutersWhenItBeginsToForwardIpv6() throws IOException {
        apply("fd00:1::/64");
        assertThat(files.values)
                .containsEntry("net/ipv6/conf/eth0/accept_ra", "2")
                .containsEntry("net/ipv6/conf/all/forwarding", "1")
                .containsEntry("net/ipv6/conf/culvert0/accept_ra", "0")
                .containsEntry("net/ipv6/conf/culvert0/accept_dad", "0")
                .containsEntry("net/ipv6/conf/culvert0/disable_ipv6", "0");
        assertThat(files.order.indexOf("net/ipv6/conf/eth0/accept_ra"))
                .isLessThan(files.order.indexOf("net/ipv6/conf/all/forwarding"));
    }

    @Test
    void leavesTheUplinkAloneWithoutIpv6OrWhereItForwardsAlready() throws IOException {
        apply("10.244.1.0/24");
        files.values.put("net/ipv6/conf/all/forwarding", "1");
        apply("fd00:1::/64");
        assertThat(files.values).containsEntry("net/ipv6/conf/eth0/accept_ra", "1");
    }

    @Test
    void keepsItsMacAsLongAsPodsKnowIt() throws IOException {
        apply("10.244.1.0/24");
        MacAddress mac = bridge().mac();
        Link pod = rtnetlink.addLink("cv0", "veth", MacAddress.ofName("cv0"), 1450);
        rtnetlink.changeLink(pod.index(), LinkChange.NONE.withMaster(bridge().index()));
        apply("10.244.9.0/24");
        assertThat(bridge().mac()).isEqualTo(mac);
        rtnetlink.deleteLink(pod.index());
        apply("10.244.9.0/24");
        assertThat(bridge().mac()).isEqualTo(MacAddress.ofPod(IpAddresses.parse("10.244.9.1")));
    }

    @Test
    void keepsTheGatewayOfAnEarlierRangeForAsLongAsItIsRetained() throws IOException {
        apply("10.244.1.0/24");
        plan.retain(cidrs("10.244.1.0/24"));
        apply("10.244.9.0/24");
        assertThat(gateways()).containsExactlyInAnyOrder("10.244.1.1", "10.244.9.1");
        NodeNetwork network = Objects.requireNonNull(plan.network());
        assertThat(network.podCidrs()).isEqualTo(cidrs("10.244.9.0/24"));
        assertThat(network.rangeOf(IpAddresses.parse("10.244.1.7")))
                .contains(Cidr.parse("10.244.1.0/24"));
        plan.retain(List.of());
        apply("10.244.9.0/24");
        assertThat(gateways()).containsExactly("10.244.9.1");
    }

    @Test
    void retainsWhatPodsLiveIn() throws IOException {
        assertThat(retained("10.244.9.0/24", "10.244.1.2")).as("no bridge").isEmpty();
        apply("10.244.1.0/24", "fd00:1::/64");
        assertThat(retained("10.244.9.0/24")).isEmpty();
        assertThat(retained("10.244.9.0/24", "10.244.9.2")).isEmpty();
        assertThat(retained("10.244.9.0/24", "10.244.9.2", "10.244.1.2"))
                .isEqualTo(cidrs("10.244.1.0/24"));
        assertThat(retained("10.244.9.0/24", "10.244.1.2", "fd00:1::2"))
                .isEqualTo(cidrs("10.244.1.0/24", "fd00:1::/64"));
    }

    @Test
    void anEarlierRangeWithTheSameGatewayNeedsNoRetention() throws IOException {
        apply("10.244.1.0/24");
        assertThat(retained("10.244.1.0/25", "10.244.1.2")).isEmpty();
        assertThat(retained("10.244.1.0/24", "10.244.1.2")).isEmpty();
        assertThat(retained("10.244.0.0/16", "10.9.9.9")).isEmpty();
    }

    @Test
    void refusesARangeThatOverlapsWhereOthersLive() throws IOException {
        apply("10.244.1.0/24");
        assertThatThrownBy(() -> retained("10.244.0.0/16", "10.244.1.2"))
                .isInstanceOf(NotReadyException.class)
                .hasMessageContaining(
                        "podCIDR changed to 10.244.0.0/16, which overlaps the earlier 10.244.1.0/24");
        assertThatThrownBy(() -> retained("10.244.1.0/25", "10.244.1.200"))
                .isInstanceOf(NotReadyException.class);
    }

    @Test
    void stopsAddsOfOutdatedRanges() throws IOException {
        apply("10.244.1.0/24");
        plan.stopOutdatedAdds();
        assertThat(plan.network()).isNotNull();
        plan.set(plan.underlay(), cidrs("10.244.9.0/24"));
        plan.stopOutdatedAdds();
        assertThat(plan.network()).isNull();
    }

    @Test
    void addressesOfOtherKindsOnTheBridgeAreNoEarlierRange() throws IOException {
        apply("10.244.1.0/24");
        InetAddress own = IpAddresses.parse("10.7.0.9");
        rtnetlink.ensureAddress(Address.of(bridge().index(), own, 24));
        assertThat(retained("10.244.1.0/24", "10.7.0.2")).isEmpty();
    }

    /** In memory. */
    private static final class Files implements KernelSettings {
        private final Map<String, String> values = new TreeMap<>();
        private final List<String> order = new ArrayList<>();

        @Override
        public boolean exists(String path) {
            return values.containsKey(path);
        }

        @Override
        public String value(String path) {
            return values.getOrDefault(path, "");
        }

        @Override
        public void ensure(String path, String value) {
            values.put(path, value);
            order.add(path);
        }
    }
}
