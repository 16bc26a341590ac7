package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

final class CheckHandlerTest {
    private static final MacAddress OTHER_MAC = MacAddress.parse("02:00:00:00:00:09");

    private InMemoryNode node;

    @BeforeEach
    void start() throws Exception {
        node = new InMemoryNode(new InMemoryLeaseStore());
    }

    @AfterEach
    void close() {
        node.close();
    }

    private JsonNode add(String version) throws CniError {
        return node.add("one", "eth0", InMemoryNode.configuration(version));
    }

    private CniError refusal(String version, JsonNode result) {
        CniError error =
                catchThrowableOfType(
                        CniError.class, () -> node.check("one", "eth0", version, result));
        assertThat(error).as("refusal").isNotNull();
        return error;
    }

    private void assertDamaged(JsonNode result, String difference) {
        CniError error = refusal("1.1.0", result);
        assertThat(error.code()).isEqualTo(104);
        assertThat(error).hasMessageContaining(difference);
    }

    private Rtnetlink pod() {
        return node.kernel.pod();
    }

    private Link host() {
        return node.kernel.links().getLast();
    }

    private Route defaultRoute(IpFamily family) throws Exception {
        return pod().routes().stream()
                .filter(each -> each.destination().family() == family)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.4.0", "1.0.0", "1.1.0"})
    void isContentWithWhatAddMade(String version) throws Exception {
        node.check("one", "eth0", version, add(version));
    }

    @Test
    void doesNotExistBeforeZeroFour() throws Exception {
        CniError error = refusal("0.3.1", add("0.3.1"));
        assertThat(error.code()).isEqualTo(1);
        assertThat(error).hasMessageContaining("CHECK exists since version 0.4.0");
    }

    @Test
    void toleratesWhatLaterPluginsAdd() throws Exception {
        ObjectNode result = (ObjectNode) add("1.1.0");
        int index = node.pod("eth0").index();
        pod().ensureAddress(Address.of(index, IpAddresses.parse("192.0.2.7"), 32));
        pod().ensureRoute(Route.to(Cidr.parse("198.51.100.0/24"), index));
        pod().changeLink(index, LinkChange.NONE.withMtu(1300).withMac(OTHER_MAC));
        ((ArrayNode) result.path("interfaces")).addObject().put("name", "ifb0");
        ((ObjectNode) result.path("interfaces").path(2)).put("mac", OTHER_MAC.toString());
        ((ObjectNode) result.path("interfaces").path(2)).put("mtu", 1300);
        ((ArrayNode) result.path("routes"))
                .addObject()
                .put("dst", "203.0.113.0/24")
                .put("gw", "192.0.2.1");
        node.check("one", "eth0", "1.1.0", result);
    }

    @Test
    void toleratesRoutesThatALaterPluginMovedOrTookAway() throws Exception {
        ObjectNode result = (ObjectNode) add("1.1.0");
        Route four = defaultRoute(IpFamily.IPV4);
        pod().deleteRoute(four);
        pod().ensureRoute(
                        new Route(
                                four.destination(),
                                four.linkIndex(),
                                four.gateway(),
                                null,
                                four.mtu(),
                                four.protocol(),
                                100,
                                0,
                                false));
        node.check("one", "eth0", "1.1.0", result);
        pod().deleteRoute(defaultRoute(IpFamily.IPV6));
        assertDamaged(result, "lacks the route 0:0:0:0:0:0:0:0/0");
        ((ArrayNode) result.path("routes")).remove(1);
        node.check("one", "eth0", "1.1.0", result);
    }

    @Test
    void toleratesAnMtuThatFollowedTheUnderlay() throws Exception {
        JsonNode result = add("1.1.0");
        pod().changeLink(node.pod("eth0").index(), LinkChange.NONE.withMtu(1400));
        assertDamaged(result, "eth0 has the MTU 1400, not 1450");
        node.network = new NodeNetwork("culvert0", List.of(), 1400, 60_000);
        assertThat(refusal("1.1.0", result).code()).isEqualTo(11);
        node.network =
                new NodeNetwork("culvert0", List.of(Cidr.parse("10.9.0.0/24")), 1400, 60_000);
        node.check("one", "eth0", "1.1.0", result);
    }

    @Test
    void toleratesASmallerMtuThatOldResultsCannotTell() throws Exception {
        JsonNode result = add("1.0.0");
        pod().changeLink(node.pod("eth0").index(), LinkChange.NONE.withMtu(1300));
        node.check("one", "eth0", "1.0.0", result);
        pod().changeLink(node.pod("eth0").index(), LinkChange.NONE.withMtu(9000));
        assertThat(refusal("1.0.0", result)).hasMessageContaining("the MTU 9000, not 1450");
    }

    @Test
    void noticesThatTheNodesEndIsGone() throws Exception {
        JsonNode result = add("1.1.0");
        node.kernel.deleteLink(host().index());
        CniError error = refusal("1.1.0", result);
        assertThat(error.code()).isEqualTo(104);
        assertThat(error)
                .hasMessageContaining("is gone")
                .hasMessageContaining("the pod has no interface eth0");
    }

    @Test
    void noticesThatTheNodesEndIsCutOff() throws Exception {
        JsonNode result = add("1.1.0");
        node.kernel.changeLink(host().index(), LinkChange.NONE.withMaster(0).withUp(false));
        assertDamaged(result, "is no port of bridge culvert0; its end on the node");
        assertDamaged(result, "is down");
    }

    @Test
    void noticesThatThePodsEndIsDownOrHasAnotherMac() throws Exception {
        JsonNode result = add("1.1.0");
        pod().changeLink(node.pod("eth0").index(), LinkChange.NONE.withUp(false));
        assertDamaged(result, "eth0 of the pod is down");
        pod().changeLink(node.pod("eth0").index(), LinkChange.NONE.withMac(OTHER_MAC));
        assertDamaged(result, "has the MAC 02:00:00:00:00:09, not 0a:58:0a:f4:01:02");
    }

    @Test
    void noticesAnInterfaceThatIsNotOurs() throws Exception {
        JsonNode result = add("1.1.0");
        JsonNode other = node.add("two", "eth1", InMemoryNode.configuration("1.1.0"));
        String renamed = result.toString().replace("\"name\":\"eth0\"", "\"name\":\"eth1\"");
        assertDamaged(InMemoryNode.parse(renamed), "prevResult has no interface eth0");
        CniError error =
                catchThrowableOfType(
                        CniError.class, () -> node.check("two", "eth1", "1.1.0", result));
        assertThat(error).hasMessageContaining("prevResult has no interface eth1");
        node.check("two", "eth1", "1.1.0", other);
    }

    @Test
    void noticesAMissingAddress() throws Exception {
        JsonNode result = add("1.1.0");
        pod().deleteAddress(pod().addresses().getFirst());
        assertDamaged(result, "eth0 lacks the address 10.244.1.2");
    }

    @Test
    void noticesAResultOfAnotherAttachment() throws Exception {
        String foreign = add("1.1.0").toString().replace("10.244.1.2/24", "10.244.1.9/24");
        assertDamaged(
                InMemoryNode.parse(foreign),
                "prevResult has other addresses than its lease, which holds 10.244.1.2");
        assertDamaged(InMemoryNode.parse(foreign), "eth0 lacks the address 10.244.1.9/24");
    }

    @Test
    void noticesAWrongRouteMtu() throws Exception {
        JsonNode result = add("1.1.0");
        Route four = defaultRoute(IpFamily.IPV4);
        pod().deleteRoute(four);
        pod().ensureRoute(four.withMtu(9000));
        assertDamaged(result, "route 0.0.0.0/0 has the MTU 9000, not 1450");
    }

    @Test
    void noticesAPermanentNeighborThatIsWrong() throws Exception {
        JsonNode result = add("1.1.0");
        Neighbor gateway = pod().neighbors().getFirst();
        pod().deleteNeighbor(gateway);
        node.check("one", "eth0", "1.1.0", result);
        pod().ensureNeighbor(new Neighbor(gateway.linkIndex(), gateway.address(), OTHER_MAC, true));
        assertDamaged(result, "takes 02:00:00:00:00:09 for the MAC of its gateway 10.244.1.1");
    }

    @Test
    void knowsNoContainerThatWasNeverAdded() throws Exception {
        JsonNode result = add("1.1.0");
        CniError error =
                catchThrowableOfType(
                        CniError.class, () -> node.check("two", "eth0", "1.1.0", result));
        assertThat(error.code()).isEqualTo(104);
        assertThat(error).hasMessageContaining("no address lease");
    }

    @Test
    void asksToTryAgainWhileTheAgentOrTheBridgeIsNotReady() throws Exception {
        JsonNode result = add("1.1.0");
        NodeNetwork network = node.network;
        node.network = null;
        assertThat(refusal("1.1.0", result).code()).isEqualTo(11);
        node.network = network;
        node.kernel.deleteLink(node.kernel.link("culvert0").orElseThrow().index());
        assertThat(refusal("1.1.0", result).code()).isEqualTo(11);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "null | needs prevResult",
                "5 | needs prevResult",
                "[] | needs prevResult",
                "{\"interfaces\":{}} | 'interfaces' is no list",
                "{\"interfaces\":[7]} | has no name",
                "{\"interfaces\":[{\"name\":\"a\",\"mac\":\"x\"}]} | 'x' is not a MAC address",
                "{\"ips\":[{\"address\":\"10.0.0.1\"}]} | has no prefix length of 0 to 32",
                "{\"ips\":[{\"address\":\"10.0.0.1/33\"}]} | has no prefix length",
                "{\"ips\":[{\"address\":[]}]} | is not an IP address",
                "{\"ips\":[{\"address\":\"10.0.0.1/24\",\"interface\":0}]} | names interface 0",
                "{\"routes\":[{}]} | is not an IP address",
                "{\"routes\":[{\"dst\":\"::/0\",\"gw\":\"fe80::x\"}]} | is not an IP address",
            })
    void refusesAnAbsurdPreviousResult(String previous, String message) throws Exception {
        add("1.1.0");
        CniError error = refusal("1.1.0", InMemoryNode.parse(previous));
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining(message);
    }

    @Test
    void doesNotBelieveAnEmptyPreviousResult() throws Exception {
        add("1.1.0");
        assertDamaged(InMemoryNode.parse("{}"), "prevResult has no interface eth0 in a sandbox");
    }
}
