package dev.culvert.agent.kube;

import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Lists and events through TLS and with a token, as between an agent and a real server. */
class WatchOverTlsTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @Test
    void followsNodes() {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        true);
        server.init(InetAddress.getLoopbackAddress(), 0);
        List<ClusterEvent> told = new CopyOnWriteArrayList<>();
        try (KubernetesClient client = RealApi.connect(server.getPort());
                NodeWatch watch =
                        new NodeWatch(
                                client,
                                new SimpleMeterRegistry(),
                                told::add,
                                WatchTiming.DEFAULT)) {
            watch.start();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodesListed()));
            client.nodes().resource(MockApi.node("n1", "10.244.1.0/24")).create();
            await().atMost(LONG).until(() -> isTold(told, "n1"));
        } finally {
            server.destroy();
        }
    }

    private static boolean isTold(List<ClusterEvent> told, String name) {
        return told.stream().anyMatch(event -> event.key().equals("node/" + name));
    }
}
