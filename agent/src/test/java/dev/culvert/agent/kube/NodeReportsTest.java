package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.Notice;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the agent says about its node: the condition and the Events. */
class NodeReportsTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final KubernetesMockServer server = serve();
    private final KubernetesClient client = connect(server.getPort());
    private final AtomicBoolean ready = new AtomicBoolean();
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicReference<String> seen = new AtomicReference<>("");
    private final NetworkCondition condition =
            new NetworkCondition(client, "n1", this::isReady, Duration.ofMillis(100));
    private final AtomicLong nanos = new AtomicLong();
    private final EventRecorder events = new EventRecorder(client, "n1", nanos::get);
    private final NodeWatch watch =
            new NodeWatch(
                    client,
                    "n1",
                    NodeAnnotations.culvert(),
                    new SimpleMeterRegistry(),
                    this::observe);

    private boolean isReady() {
        looks.incrementAndGet();
        return ready.get();
    }

    private void observe(ClusterEvent event) {
        if (event instanceof ClusterEvent.NodeChanged(var node) && node.name().equals("n1")) {
            condition.observe(node.own());
            seen.set(node.own() == null ? "" : node.own().networkUnavailable());
            events.about(node.uid());
        }
    }

    @BeforeEach
    void start() {
        client.nodes()
                .resource(
                        new NodeBuilder()
                                .withNewMetadata()
                                .withName("n1")
                                .endMetadata()
                                .withNewSpec()
                                .endSpec()
                                .withNewStatus()
                                .addNewCondition()
                                .withType("Ready")
                                .withStatus("True")
                                .withReason("KubeletReady")
                                .endCondition()
                                .endStatus()
                                .build())
                .create();
        watch.start();
        condition.start();
        events.start();
    }

    @AfterEach
    void stop() {
        events.close();
        condition.close();
        watch.close();
        client.close();
        server.destroy();
    }

    @Test
    void saysThatTheNetworkIsAvailableOnceItIsAndKeepsOtherConditions() {
        setCondition("True", "NoRouteCreated");
        ready.set(true);
        awaitCondition("False", "CulvertIsUp");
        assertThat(conditions())
                .extracting(NodeCondition::getType)
                .containsExactlyInAnyOrder("Ready", "NetworkUnavailable");
        assertThat(theCondition().getLastTransitionTime()).isNotEmpty();
    }

    @Test
    void saysItAgainWhenSomebodySaysOtherwise() {
        ready.set(true);
        awaitCondition("False", "CulvertIsUp");
        setCondition("True", "NoRouteCreated");
        awaitCondition("False", "CulvertIsUp");
    }

    @Test
    void saysNothingWhileItIsNotReadyAndDoesNotQuarrelAboutReasons() {
        setCondition("True", "NoRouteCreated");
        awaitLooks();
        assertThat(theCondition().getStatus()).isEqualTo("True");
        ready.set(true);
        awaitCondition("False", "CulvertIsUp");

        setCondition("False", "RouteCreated");
        await().atMost(LONG).until(() -> "False RouteCreated".equals(seen.get()));
        awaitLooks();
        assertThat(theCondition().getReason()).isEqualTo("RouteCreated");
    }

    @Test
    void writesAnEventAboutTheNodeAsTheApiWantsIt() {
        events.about("uid-1");
        Event event =
                events.event(
                        new Notice(Notice.Reason.POD_CIDR_CONFLICT, "x".repeat(2000)),
                        Instant.parse("2026-01-02T03:04:05.000006Z"));
        assertThat(event.getMetadata().getNamespace()).isEqualTo("default");
        assertThat(event.getMetadata().getName()).startsWith("n1.");
        assertThat(event.getRegarding().getKind()).isEqualTo("Node");
        assertThat(event.getRegarding().getName()).isEqualTo("n1");
        assertThat(event.getRegarding().getUid()).isEqualTo("uid-1");
        assertThat(event.getEventTime().getTime()).isEqualTo("2026-01-02T03:04:05.000006Z");
        assertThat(event.getReason()).isEqualTo("PodCIDRConflict");
        assertThat(event.getType()).isEqualTo("Warning");
        assertThat(event.getAction()).isNotEmpty();
        assertThat(event.getReportingController()).isEqualTo("culvert.dev/agent");
        assertThat(event.getReportingInstance()).isEqualTo("n1");
        assertThat(event.getNote()).hasSize(1024);
    }

    @Test
    void saysTheSameOnceAnHour() {
        notice("one");
        notice("one");
        notice("two");
        await().atMost(LONG).until(() -> eventsOf("n1").size() == 2);
        assertThat(events.suppressed()).isEqualTo(1);

        nanos.addAndGet(Duration.ofHours(1).toNanos());
        notice("one");
        await().atMost(LONG).until(() -> eventsOf("n1").size() == 3);
        // The API has it before the recorder hears of that.
        await().atMost(LONG).until(() -> events.created() == 3);
    }

    @Test
    void holdsBackWhatComesTooFast() {
        for (int i = 0; i < 15; i++) {
            notice("number " + i);
        }
        await().atMost(LONG).until(() -> eventsOf("n1").size() == 10);
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        await().atMost(LONG).until(() -> eventsOf("n1").size() == 12);
        nanos.addAndGet(Duration.ofMinutes(10).toNanos());
        await().atMost(LONG).until(() -> eventsOf("n1").size() == 15);
    }

    /** So that it had time to do what it must not. */
    private void awaitLooks() {
        int before = looks.get();
        await().atMost(LONG).until(() -> looks.get() >= before + 2);
    }

    @Test
    void triesAgainWhenTheApiWasAway() {
        await().atMost(LONG).until(() -> looks.get() > 0);
        server.destroy();
        notice("one");
        await().atMost(LONG).until(() -> events.failed() == 1);
        awaitLooks();
        assertThat(events.failed()).as("attempts before the pause is over").isEqualTo(1);
        nanos.addAndGet(Duration.ofSeconds(15).toNanos());
        await().atMost(LONG).until(() -> events.failed() == 2);
    }

    private void notice(String message) {
        events.record(new Notice(Notice.Reason.UNDERLAY_CHANGED, message));
    }

    private List<Event> eventsOf(String node) {
        return client.events().v1().events().inNamespace("default").list().getItems().stream()
                .filter(each -> each.getRegarding().getName().equals(node))
                .toList();
    }

    private void setCondition(String status, String reason) {
        NodeCondition other =
                conditions().stream()
                        .filter(each -> each.getType().equals("Ready"))
                        .findFirst()
                        .orElseThrow();
        client.nodes()
                .withName("n1")
                .edit(
                        node ->
                                new NodeBuilder(node)
                                        .editStatus()
                                        .withConditions(other)
                                        .addNewCondition()
                                        .withType("NetworkUnavailable")
                                        .withStatus(status)
                                        .withReason(reason)
                                        .endCondition()
                                        .endStatus()
                                        .build());
    }

    private List<NodeCondition> conditions() {
        return client.nodes().withName("n1").get().getStatus().getConditions();
    }

    private NodeCondition theCondition() {
        return conditions().stream()
                .filter(each -> each.getType().equals("NetworkUnavailable"))
                .findFirst()
                .orElseThrow();
    }

    private void awaitCondition(String status, String reason) {
        await().atMost(LONG)
                .until(
                        () ->
                                conditions().stream()
                                        .anyMatch(
                                                each ->
                                                        each.getType().equals("NetworkUnavailable")
                                                                && each.getStatus().equals(status)
                                                                && each.getReason()
                                                                        .equals(reason)));
    }

    private static KubernetesMockServer serve() {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        return server;
    }

    private static KubernetesClient connect(int port) {
        Config config = Config.empty();
        config.setMasterUrl("http://127.0.0.1:" + port + "/");
        config.setRequestRetryBackoffLimit(0);
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }
}
