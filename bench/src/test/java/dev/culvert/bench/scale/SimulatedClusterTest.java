package dev.culvert.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.scale.api.ResourceStore;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SimulatedClusterTest {
    private static final JsonMapper JSON = new JsonMapper();

    private final SimulatedCluster cluster = new SimulatedCluster(50, 400, 10);
    private final ResourceStore nodes = cluster.stores().getFirst();
    private final ResourceStore pods = cluster.stores().getLast();

    @Test
    void nodesAreAsLargeAsRealOnesAndSayWhereTheyAre() {
        Expectation expectation = cluster.expectations(2).getLast();
        String text = Objects.requireNonNull(nodes.get("node-00049.example.com")).body().json(7);
        JsonNode json = JSON.readTree(text);

        assertThat(text.length()).isBetween(20_000, 40_000);
        assertThat(json.at("/metadata/resourceVersion").asString()).isEqualTo("7");
        assertThat(json.at("/status/addresses/0/address").asString())
                .isEqualTo(expectation.outer().getHostAddress());
        JsonNode vtep =
                JSON.readTree(json.at("/metadata/annotations/culvert.dev~1vtep").asString());
        assertThat(vtep.path("ip").asString()).isEqualTo(expectation.outer().getHostAddress());
        assertThat(json.at("/status/images")).hasSize(50);
    }

    @Test
    void podsAreOnTheirNodes() {
        assertThat(pods.size()).isEqualTo(400);
        assertThat(cluster.ownPods()).hasSize(10);
        SimulatedPod pod = cluster.ownPods().getFirst();
        JsonNode json = JSON.readTree(pod.json(9));
        assertThat(json.at("/spec/nodeName").asString()).isEqualTo(SimulatedCluster.OWN_NAME);
        assertThat(json.at("/status/podIPs/0/ip").asString()).startsWith("10.64.0.");
    }

    @Test
    void eachVisibleChangeHasAnUnderlayAddressOfItsOwn() {
        Set<Object> addresses = new HashSet<>();
        int visible = 0;
        for (int i = 0; i < 500; i++) {
            Expectation expectation = cluster.changeNode();
            if (expectation != null) {
                visible++;
                addresses.add(expectation.outer());
            }
        }
        assertThat(visible).isGreaterThan(100);
        assertThat(addresses).hasSize(visible);
        assertThat(nodes.size()).isEqualTo(cluster.nodeCount());
    }
}
