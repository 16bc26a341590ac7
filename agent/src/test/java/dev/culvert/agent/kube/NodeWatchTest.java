package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds with a real API server as well, and is tried against one where there is one. */
class NodeWatchTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final VtepAnnouncement VTEP =
            new VtepAnnouncement(
                    IpAddresses.parse("192.0.2.1"), MacAddress.ofName("n1"), 1, 4789, false);

    private static TestApi api;

    private final Queue<ClusterEvent> events = new ConcurrentLinkedQueue<>();
    private KubernetesClient client;
    private NodeWatch watch;

    @BeforeAll
    static void serve(@TempDir Path work) throws IOException {
        api = TestApi.start(work);
    }

    @AfterAll
    static void end() {
        api.close();
    }

    @BeforeEach
    void start() {
        client = api.connect(api.port());
        client.nodes().delete();
        await().atMost(LONG).until(() -> client.nodes().list().getItems().isEmpty());
        create("n1", "10.244.1.0/24");
        watch = new NodeWatch(client, new SimpleMeterRegistry(), events::add, WatchTiming.DEFAULT);
        watch.start();
        awaitEvent(ClusterEvent.NodesListed.class::isInstance);
    }

    @AfterEach
    void stop() {
        watch.close();
        client.close();
    }

    @Test
    void tellsOfNodesThatAreThereComeChangeAndGo() {
        awaitEvent(event -> isNode(event, "n1", "10.244.1.0/24"));
        create("n2");
        awaitEvent(event -> isNode(event, "n2"));
        client.nodes()
                .withName("n2")
                .edit(
                        node ->
                                new NodeBuilder(node)
                                        .editSpec()
                                        .withPodCIDR("10.244.9.0/24")
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

    /** The mock server does not tell later what was missed, a real one does. */
    @Test
    void noticesWhatHappenedWhileTheConnectionWasBroken() throws IOException {
        List<ClusterEvent> told = new CopyOnWriteArrayList<>();
        try (TcpProxy proxy = TcpProxy.to(api.port());
                KubernetesClient through = api.connect(proxy.port());
                NodeWatch other =
                        new NodeWatch(
                                through,
                                new SimpleMeterRegistry(),
                                told::add,
                                WatchTiming.DEFAULT)) {
            other.start();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodesListed()));
            proxy.leave();
            client.nodes().withName("n1").delete();
            create("n3", "10.244.3.0/24");
            proxy.comeBack();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodeRemoved("n1")));
            await().atMost(LONG)
                    .until(
                            () ->
                                    told.stream()
                                            .anyMatch(
                                                    event -> isNode(event, "n3", "10.244.3.0/24")));
        }
    }

    /** Another server in the same place, as after a restore of its store. */
    @Test
    void noticesThatTheServerIsAnotherOne() {
        MockApi first = MockApi.serve(0);
        int port = first.port();
        first.createNode("n5", "10.244.5.0/24");
        first.createNode("n6", "10.244.6.0/24");
        Queue<ClusterEvent> told = new ConcurrentLinkedQueue<>();
        try (KubernetesClient itsClient = MockApi.connect(port);
                NodeWatch other =
                        new NodeWatch(
                                itsClient,
                                new SimpleMeterRegistry(),
                                told::add,
                                WatchTiming.DEFAULT)) {
            other.start();
            await().atMost(LONG).until(() -> told.contains(new ClusterEvent.NodesListed()));
            first.close();
            await().atMost(LONG).until(() -> !other.problem().isEmpty());
            assertThat(other.problem())
                    .contains("127.0.0.1:" + port)
                    .contains("cannot be used (nodes)");
            try (MockApi second = MockApi.serve(port)) {
                second.createNode("n7", "10.244.7.0/24");
                await().atMost(LONG)
                        .until(
                                () ->
                                        told.contains(new ClusterEvent.NodeRemoved("n5"))
                                                && told.contains(
                                                        new ClusterEvent.NodeRemoved("n6")));
                await().atMost(LONG).until(() -> other.problem().isEmpty());
            }
        } finally {
            first.close();
        }
    }

    private void create(String name, String... podCidrs) {
        client.nodes()
                .resource(
                        new NodeBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .endMetadata()
                                .withNewSpec()
                                .withPodCIDRs(podCidrs)
                                .endSpec()
                                .withNewStatus()
                                .addNewAddress("192.0.2.1", "InternalIP")
                                .endStatus()
                                .build())
                .create();
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

    private static boolean isNode(ClusterEvent event, String name, String... podCidrs) {
        return event instanceof ClusterEvent.NodeChanged(NodeInfo node)
                && node.name().equals(name)
                && node.podCidrs().equals(List.of(podCidrs))
                && node.internalIps().equals(List.of(IpAddresses.parse("192.0.2.1")));
    }

    private void awaitEvent(Predicate<ClusterEvent> wanted) {
        await().atMost(LONG).until(() -> events.stream().anyMatch(wanted));
    }
}
