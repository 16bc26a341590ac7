package dev.culvert.agent.kube;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.PodInfo;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Nodes and Pods that no API server should send: nothing of it ends a watch. */
class AbsurdObjectsTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static final String NODE =
            """
            {"metadata":{"name":"n1","uid":"u","resourceVersion":"7",
              "creationTimestamp":"2026-01-01T00:00:00Z",
              "annotations":{"culvert.dev/vtep":"{\\"ip\\":\\"192.0.2.1\\",\
            \\"mac\\":\\"02:00:00:00:00:01\\",\\"vni\\":1,\\"port\\":4789,\
            \\"protocols\\":[\\"vxlan\\"]}"}},
             "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24"]},
             "status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},
                                    {"type":"Hostname","address":"n1"}]}}
            """;

    private static final String POD =
            """
            {"metadata":{"namespace":"default","name":"p1","uid":"u","resourceVersion":"7"},
             "status":{"podIPs":[{"ip":"10.244.1.7"},{"ip":"fd00::7"}]}}
            """;

    private final WatchMeters meters = new WatchMeters(new SimpleMeterRegistry(), "test");
    private final Oddities oddities = new Oddities(meters);
    private final NodeWatch.NodeMapping nodes =
            new NodeWatch.NodeMapping("", NodeAnnotations.culvert(), _ -> {});
    private final PodWatch.PodMapping pods = new PodWatch.PodMapping(_ -> {});

    @Test
    void readsWhatIsThere() {
        NodeInfo node = nodes.value(JSON.readTree(NODE), oddities);
        assertThat(node)
                .isEqualTo(
                        new NodeInfo(
                                "n1",
                                "u",
                                "2026-01-01T00:00:00Z",
                                List.of(IpAddresses.parse("192.0.2.1")),
                                List.of("10.244.1.0/24"),
                                new VtepAnnouncement(
                                        IpAddresses.parse("192.0.2.1"),
                                        MacAddress.parse("02:00:00:00:00:01"),
                                        1,
                                        4789,
                                        false)));
        PodInfo pod = pods.value(JSON.readTree(POD), oddities);
        assertThat(pods.key(JSON.readTree(POD))).isEqualTo("default/p1").isEqualTo(pod.key());
        assertThat(pod.addresses())
                .containsExactly(IpAddresses.parse("10.244.1.7"), IpAddresses.parse("fd00::7"));
        assertThat(meters.skippedCount()).isZero();
    }

    @Test
    void anObjectWithoutANameIsRefused() {
        for (String name : List.of("", "\"name\":\"\"", "\"name\":7", "\"name\":\"A b\"")) {
            JsonNode object = JSON.readTree("{\"metadata\":{" + name + "}}");
            assertThatThrownBy(() -> nodes.key(object))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("metadata.name");
        }
    }

    @Test
    void leavesOutAbsurdFieldsAndCountsThem() {
        NodeInfo node =
                nodes.value(
                        JSON.readTree(
                                NODE.replace("192.0.2.1\\\"", "224.0.0.1\\\"")
                                        .replace(
                                                "\"address\":\"192.0.2.1\"", "\"address\":\"here\"")
                                        .replace("2026-01-01T00:00:00Z", "yesterday")
                                        .replace("[\"10.244.1.0/24\"]", "[7]")),
                        oddities);
        assertThat(node)
                .isEqualTo(
                        new NodeInfo(
                                "n1",
                                "u",
                                "9999-12-31T23:59:59Z",
                                List.of(),
                                List.of("10.244.1.0/24"),
                                null));
        assertThat(meters.skippedCount()).isEqualTo(4);
    }

    @Property(tries = 500)
    void anAbsurdNodeEndsNothing(@ForAll("absurdNodes") ObjectNode object) {
        ClusterState state = new ClusterState("n1", 1, List.of());
        try {
            NodeInfo node = nodes.value(object, oddities);
            assertThat(node.name()).isEqualTo(nodes.key(object));
            state.apply(new ClusterEvent.NodeChanged(node));
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("metadata.");
        }
        assertThat(state.view().leases()).hasSizeLessThanOrEqualTo(1);
        byte[] list =
                ("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[" + object + ",{},7,null]}")
                        .getBytes(UTF_8);
        List<JsonNode> items = new ArrayList<>();
        assertThat(page(list, items).version()).isEqualTo("1");
        assertThat(items).hasSize(4).first().hasToString(object.toString());
    }

    @Property(tries = 500)
    void anAbsurdPodEndsNothing(@ForAll("absurdPods") ObjectNode object) {
        try {
            PodInfo pod = pods.value(object, oddities);
            assertThat(pod.key()).isEqualTo(pods.key(object));
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("metadata.");
        }
    }

    private static ListPage page(byte[] body, List<JsonNode> items) {
        try {
            return ListPage.read(body, items::add);
        } catch (ApiException e) {
            throw new AssertionError(e);
        }
    }

    @Provide
    Arbitrary<ObjectNode> absurdNodes() {
        return absurd(NODE);
    }

    @Provide
    Arbitrary<ObjectNode> absurdPods() {
        return absurd(POD);
    }

    /** The object with one to four of its values replaced or taken away. */
    private static Arbitrary<ObjectNode> absurd(String good) {
        return Arbitraries.randomValue(random -> random)
                .flatMap(
                        random ->
                                values().list()
                                        .ofMinSize(1)
                                        .ofMaxSize(4)
                                        .map(
                                                replacements -> {
                                                    ObjectNode object =
                                                            (ObjectNode) JSON.readTree(good);
                                                    replacements.forEach(
                                                            each -> spoil(object, each, random));
                                                    return object;
                                                }));
    }

    private static void spoil(JsonNode in, JsonNode value, Random random) {
        if (in instanceof ObjectNode object && !object.isEmpty()) {
            List<String> names = new ArrayList<>(object.propertyNames());
            String name = names.get(random.nextInt(names.size()));
            if (random.nextInt(3) > 0 && object.get(name).isContainer()) {
                spoil(object.get(name), value, random);
            } else if (random.nextInt(4) == 0) {
                object.remove(name);
            } else {
                object.set(name, value);
            }
        } else if (in instanceof ArrayNode array && !array.isEmpty()) {
            int index = random.nextInt(array.size());
            if (random.nextBoolean() && array.get(index).isContainer()) {
                spoil(array.get(index), value, random);
            } else {
                array.set(index, value);
            }
        }
    }

    private static Arbitrary<JsonNode> values() {
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(300).map(JSON.getNodeFactory()::stringNode),
                Arbitraries.of("::", "0.0.0.0", "10.0.0.0/99", "{}", "[", "2026", "-1", "\n\u0000")
                        .map(JSON.getNodeFactory()::stringNode),
                Arbitraries.integers().map(JSON.getNodeFactory()::numberNode),
                Arbitraries.of("null", "true", "[]", "{}", "[[]]", "[null]", "{\"ip\":7}", "[{}]")
                        .map(JSON::readTree),
                Arbitraries.integers()
                        .between(1, 2000)
                        .map(size -> JSON.valueToTree(new int[size])));
    }
}
