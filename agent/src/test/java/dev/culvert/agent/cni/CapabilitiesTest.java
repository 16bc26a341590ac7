package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.RateLimit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What ADD makes of runtimeConfig and of keys of the configuration. */
final class CapabilitiesTest {
    private InMemoryNode node;

    @BeforeEach
    void start() throws Exception {
        node = new InMemoryNode(new InMemoryLeaseStore());
    }

    @AfterEach
    void close() {
        node.close();
    }

    private static ObjectNode wishing(String runtimeConfig) {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        configuration.set("runtimeConfig", InMemoryNode.parse(runtimeConfig));
        return configuration;
    }

    private CniError refusal(ObjectNode configuration) {
        CniError error =
                catchThrowableOfType(CniError.class, () -> node.add("late", "eth9", configuration));
        assertThat(error).isNotNull();
        return error;
    }

    private void assertNothingIsAttached() {
        assertThat(node.leases.leases()).isEmpty();
        assertThat(node.kernel.links()).noneMatch(each -> each.kind().equals("veth"));
    }

    @Test
    void givesThePodTheMacThatIsWanted() throws Exception {
        JsonNode result = node.add("one", "eth0", wishing("{\"mac\":\"02:00:00:00:00:0A\"}"));
        assertThat(node.pod("eth0").mac()).hasToString("02:00:00:00:00:0a");
        assertThat(result.path("interfaces").path(2).path("mac").asString())
                .isEqualTo("02:00:00:00:00:0a");
        node.check("one", "eth0", "1.1.0", result);
    }

    @Test
    void givesThePodTheAddressesThatAreWanted() throws Exception {
        String fixed =
                "{\"io.kubernetes.cri.pod-annotations\":{\"culvert.dev/ips\":\"10.244.1.77\"}}";
        JsonNode result = node.add("one", "eth0", wishing(fixed));
        assertThat(result.path("ips").path(0).path("address").asString())
                .isEqualTo("10.244.1.77/24");
        assertThat(result.path("ips")).hasSize(2);
        CniError taken = refusal(wishing("{\"ips\":[\"10.244.1.77/24\"]}"));
        assertThat(taken.code()).isEqualTo(105);
        assertThat(taken).hasMessageContaining("10.244.1.77 is taken by container one");
        node.del.handle(
                InMemoryNode.request("DEL", "one", "eth0", InMemoryNode.configuration("1.1.0")),
                null);
        node.add("two", "eth2", wishing(fixed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.244.2.7", "10.244.1.0", "10.244.1.1", "10.244.1.255", "fd01::7"})
    void refusesAnAddressThatIsNotForPods(String address) {
        CniError error = refusal(wishing("{\"ips\":[\"%s\"]}".formatted(address)));
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining("is not for pods of this node");
        assertNothingIsAttached();
    }

    @Test
    void limitsBothDirections() throws Exception {
        node.add(
                "one",
                "eth0",
                wishing("{\"bandwidth\":{\"ingressRate\":8000000,\"egressRate\":16000000}}"));
        Link host = node.kernel.links().getLast();
        assertThat(node.kernel.rateLimit(host.index())).hasValue(1_000_000);
        assertThat(node.kernel.pod().rateLimit(node.pod("eth0").index())).hasValue(2_000_000);
    }

    @Test
    void checksThatTheLimitsAreStillThere() throws Exception {
        ObjectNode configuration =
                wishing("{\"bandwidth\":{\"ingressRate\":8000000,\"egressRate\":16000000}}");
        configuration.set("prevResult", node.add("one", "eth0", configuration));
        CniRequest check = InMemoryNode.request("CHECK", "one", "eth0", configuration);
        assertThat(node.check.handle(check, node.namespace())).isEmpty();
        node.kernel.pod().limitRate(node.pod("eth0").index(), new RateLimit(9, 9, 9));
        CniError error =
                catchThrowableOfType(
                        CniError.class, () -> node.check.handle(check, node.namespace()));
        assertThat(error.code()).isEqualTo(104);
        assertThat(error).hasMessageContaining("its bandwidth is not limited as asked");
    }

    @Test
    void limitsOneDirection() throws Exception {
        node.add("one", "eth0", wishing("{\"bandwidth\":{\"egressRate\":16000000}}"));
        assertThat(node.kernel.rateLimit(node.kernel.links().getLast().index())).isEmpty();
        assertThat(node.kernel.pod().rateLimit(node.pod("eth0").index())).hasValue(2_000_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingressRate", "egressRate"})
    void saysThatTheKernelCannotLimit(String direction) throws Exception {
        node.kernel.refuseRateLimits();
        node.kernel.pod().refuseRateLimits();
        CniError error = refusal(wishing("{\"bandwidth\":{\"%s\":8000}}".formatted(direction)));
        assertThat(error.code()).isEqualTo(103);
        assertThat(error.details()).contains("sch_tbf");
        assertNothingIsAttached();
        node.add("one", "eth0", InMemoryNode.configuration("1.1.0"));
    }

    @Test
    void refusesAPortOfTheNodeThatAnotherPodHas() throws Exception {
        String wish =
                "{\"portMappings\":[{\"hostPort\":80,\"containerPort\":80,\"hostIP\":\"%s\"}]}";
        node.add("one", "eth0", wishing(wish.formatted("192.0.2.1")));
        node.add("two", "eth1", wishing(wish.formatted("192.0.2.2")));
        assertThat(refusal(wishing(wish.formatted("192.0.2.1"))).code())
                .isEqualTo(CniError.PORT_TAKEN);
    }

    @Test
    void handsOnTheRuntimesDnsOrElseItsOwn() throws Exception {
        ObjectNode configuration = wishing("{\"dns\":{\"servers\":[\"192.0.2.1\"]}}");
        configuration.putObject("dns").put("domain", "example");
        assertThat(node.add("one", "eth0", configuration).path("dns").toString())
                .isEqualTo("{\"nameservers\":[\"192.0.2.1\"]}");
        configuration.remove("runtimeConfig");
        assertThat(node.add("two", "eth2", configuration).path("dns").toString())
                .isEqualTo("{\"domain\":\"example\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ipMasq | true",
                "ipam | {\"type\":\"host-local\"}",
                "mtuu | 1400",
                "bridge | \"cni0\"",
            })
    void namesAKeyThatItDoesNotKnow(String key, String value) {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        configuration.set(key, InMemoryNode.parse(value));
        CniError error = refusal(configuration);
        assertThat(error.code()).isEqualTo(2);
        assertThat(error).hasMessageContaining("'" + key + "'").hasMessageContaining(value);
        assertNothingIsAttached();
    }

    @Test
    void toleratesTheKeysThatRuntimesAdd() throws Exception {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        configuration.putObject("capabilities").put("mac", true);
        configuration.putObject("args").putObject("cni");
        configuration.putArray("cniVersions").add("1.0.0");
        configuration.putNull("ipam").putNull("prevResult");
        node.add("one", "eth0", configuration);
    }
}
