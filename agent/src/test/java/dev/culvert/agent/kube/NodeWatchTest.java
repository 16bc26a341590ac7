package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeWatchTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final VtepAnnouncement VTEP =
            new VtepAnnouncement(
                    IpAddresses.parse("192.0.2.1"), MacAddress.ofName("n1"), 1, 4789, false);

    private final Queue<ClusterEvent> events = new ConcurrentLinkedQueue<>();
    private KubernetesMockServer server = serve(0);
    private final KubernetesClient client = connect(server.getPort());
    private final NodeWatch watch = new NodeWatch(client, new SimpleMeterRegistry(), events::add);

    @BeforeEach
    void start() {
        create("n1", "10.244.1.0/24");
        watch.start();
        awaitEvent(ClusterEvent.NodesListed.class::isInstance);
    }

    @AfterEach
    void stop() {
        watch.close();
        client.close();
        server.destroy();
    }

    @Test
    void tellsOfNodesThatAreThereComeChangeAndGo() {
        awaitEvent(event -> isNode(event, "n1", "10.244.1.0/24"));
        create("n2", "10.244.2.0/24");
        awaitEvent(event -> isNode(event, "n2", "10.244.2.0/24"));
        client.nodes()
                .withName("n2")
                .edit(
                        node ->
                                new NodeBuilder(node)
                                        .editSpec()
                                        .withPodCIDRs("10.244.9.0/24")
                                        .endSpec()
                                        .build());
        awaitEvent(event -> isNode(event, "n2", "10.244.9.0/24"));
        client.nodes().withName("n2").delete();
        awaitEvent(new ClusterEvent.NodeRemoved("n2")::equals);
    }

    @Test
    void publishesTheVtepThroughTheStatusAndAgainWhenSomebodyChangesIt() {
        try (VtepPublisher publisher = new VtepPublisher(client, "n1", NodeAnnotations.culvert())) {
            publisher.desire(VTEP);
            publisher.start();
            awaitEvent(
                    event ->
                            event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                                    && VTEP.equals(node.vtep()));
            events.clear();
            annotate("n1", "{}");
            awaitEvent(
                    event ->
                            event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                                    && node.vtep() == null);
            publisher.observe(null);
            awaitEvent(
                    event ->
                            event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                                    && VTEP.equals(node.vtep()));
            assertThat(publisher.problem()).isEmpty();
        }
    }

    @Test
    void leavesOutAMalformedAnnotation() {
        annotate("n1", VtepAnnotation.write(VTEP));
        awaitEvent(
                event ->
                        event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                                && node.vtep() != null);
        events.clear();
        annotate("n1", "{\"ip\":\"somewhere\"}");
        awaitEvent(
                event ->
                        event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                                && node.vtep() == null);
    }

    @Test
    void outlivesTheServerAndNoticesWhatChangedMeanwhile() {
        int port = server.getPort();
        server.destroy();
        await().atMost(LONG).until(() -> !watch.problem().isEmpty());
        assertThat(watch.problem())
                .contains("127.0.0.1:" + port)
                .contains("cannot be used (nodes)");
        events.clear();
        server = serve(port);
        create("n3", "10.244.3.0/24");
        awaitEvent(event -> isNode(event, "n3", "10.244.3.0/24"));
        awaitEvent(new ClusterEvent.NodeRemoved("n1")::equals);
        await().atMost(LONG).until(() -> watch.problem().isEmpty());
    }

    /** The mock server does not tell later what was missed: only a list helps. */
    @Test
    void noticesADeletionThatNoEventTold() throws IOException {
        List<ClusterEvent> told = new CopyOnWriteArrayList<>();
        try (TcpProxy proxy = TcpProxy.to(server.getPort());
                KubernetesClient through = connect(proxy.port());
                NodeWatch other = new NodeWatch(through, new SimpleMeterRegistry(), told::add)) {
            other.start();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodesListed()));
            proxy.leave();
            client.nodes().withName("n1").delete();
            proxy.comeBack();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodeRemoved("n1")));
        }
    }

    private void create(String name, String podCidr) {
        client.nodes().resource(node(name, podCidr)).create();
    }

    private static Node node(String name, String podCidr) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs(podCidr)
                .endSpec()
                .withNewStatus()
                .addNewAddress("192.0.2.1", "InternalIP")
                .endStatus()
                .build();
    }

    private void annotate(String name, String text) {
        client.nodes()
                .withName(name)
                .edit(
                        node ->
                                new NodeBuilder(node)
                                        .editMetadata()
                                        .addToAnnotations(VtepAnnotation.KEY, text)
                                        .endMetadata()
                                        .build());
    }

    private static boolean isNode(ClusterEvent event, String name, String podCidr) {
        return event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                && node.name().equals(name)
                && node.podCidrs().equals(List.of(podCidr))
                && node.internalIps().equals(List.of(IpAddresses.parse("192.0.2.1")));
    }

    private void awaitEvent(Predicate<ClusterEvent> wanted) {
        await().atMost(LONG).until(() -> events.stream().anyMatch(wanted));
    }

    private static KubernetesMockServer serve(int port) {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        false);
        server.init(InetAddress.getLoopbackAddress(), port);
        return server;
    }

    private static KubernetesClient connect(int port) {
        return MockApi.connect(port);
    }
}
