package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What can go wrong between the agent and the API: faults of TCP, of HTTP and of the server, with
 * the mock server's objects behind.
 */
class WatchFaultsTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String NODES = "/api/v1/nodes";
    private static final String PODS = "/api/v1/pods";
    private static final String BROKEN = "{\"kind\":\"Status\",\"message\":\"etcd is leaderless\"}";

    /** As the agent's, but for a hurry. */
    private static final WatchTiming TIMING =
            new WatchTiming(
                    Duration.ofSeconds(2),
                    Duration.ofHours(1),
                    Duration.ofSeconds(5),
                    Duration.ofMillis(20),
                    Duration.ofMillis(200));

    private final MockApi api = MockApi.serve(0);
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Queue<ClusterEvent> events = new ConcurrentLinkedQueue<>();
    private final Map<String, NodeInfo> view = new ConcurrentSkipListMap<>();
    private ApiFront front;
    private TcpProxy proxy;
    private KubernetesClient client;
    private NodeWatch watch;

    @BeforeEach
    void listen() throws IOException {
        front = ApiFront.listen().serve(NODES, api.client().nodes(), api.client());
        proxy = TcpProxy.to(front.port());
        client = MockApi.connect(proxy.port());
        watch = new NodeWatch(client, metrics, this::take, TIMING);
        for (int i = 1; i <= 5; i++) {
            api.createNode("n" + i, "10.244." + i + ".0/24");
        }
        awaitCache(5);
    }

    @AfterEach
    void close() throws IOException {
        watch.close();
        client.close();
        proxy.close();
        front.close();
        api.close();
    }

    private void take(ClusterEvent event) {
        events.add(event);
        switch (event) {
            case ClusterEvent.NodeChanged(NodeInfo node) -> view.put(node.name(), node);
            case ClusterEvent.NodeRemoved(String name) -> view.remove(name);
            default -> {}
        }
    }

    @Test
    void resumesAfterTheConnectionBroke() {
        startAndAwait();
        proxy.cut();
        changeSomething();
        report("connection cut", RestartReason.LOST);
    }

    @Test
    void noticesAConnectionThatFellSilent() {
        startAndAwait();
        proxy.freeze();
        changeSomething();
        report("connection silent, noticed after 2 s here", RestartReason.STALLED);
    }

    @Test
    void listsAnewWhenTheServerHasForgottenItsVersion() throws IOException {
        startAndAwait();
        proxy.leave();
        changeSomething();
        front.cache(NODES).compact();
        proxy.comeBack();
        report("410 Gone as a status", RestartReason.GONE);
    }

    @Test
    void listsAnewWhenAnEventSaysThatItsVersionIsForgotten() {
        startAndAwait();
        front.cache(NODES).compact();
        changeSomething();
        report("410 Gone as an event", RestartReason.GONE);
    }

    @Test
    void repeatsWhatTheServerFailsToAnswer() {
        front.failLists(3, 500, BROKEN);
        front.failWatches(3, 500, "not JSON");
        watch.start();
        await().atMost(LONG).until(() -> watch.meters().restarts(RestartReason.UNREACHABLE) >= 6);
        report("three lists and three watches failed with 500", RestartReason.UNREACHABLE);
        awaitTrue(() -> watch.problem().isEmpty());
    }

    @Test
    void saysWhatTheServerAnswers() {
        front.failLists(1000, 500, BROKEN);
        watch.start();
        await().atMost(LONG).until(() -> !watch.problem().isEmpty());
        assertThat(watch.problem())
                .contains("127.0.0.1:" + proxy.port())
                .contains("the server answers with status 500: etcd is leaderless");
        assertThat(watch.isListed()).isFalse();
        assertThat(events).isEmpty();
    }

    @Test
    void goesOnAfterAnErrorEvent() {
        startAndAwait();
        front.inject("{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd is gone\"}}");
        changeSomething();
        report("ERROR event with 500", RestartReason.ERROR);
    }

    @Test
    void resumesWhenTheServerEndsTheWatch() {
        startAndAwait();
        api.setPodCidr("n5", "10.244.55.0/24");
        awaitEqual();
        int lists = front.lists();
        front.endWatches();
        changeSomething();
        report("watch ended in good order", RestartReason.ENDED);
        assertThat(front.lists()).as("no list was needed").isEqualTo(lists);
    }

    @Test
    void readsSlowLists() {
        proxy.slowDown(Duration.ofMillis(100));
        watch.start();
        report("list at 10 kB a second", null);
        assertThat(watch.meters().restarts(RestartReason.UNREACHABLE)).isZero();
    }

    @Test
    void readsListsInPages() {
        front.limitPages(2);
        startAndAwait();
        assertThat(front.lists()).isEqualTo(3);
        assertThat(front.queries()).anySatisfy(query -> assertThat(query).contains("continue="));
    }

    @Test
    void startsOverWithoutPagesWhenOneIsForgotten() {
        front.limitPages(2);
        front.expirePages(1);
        startAndAwait();
        assertThat(front.lists()).isEqualTo(3);
        assertThat(front.queries().get(2)).doesNotContain("limit=");
        assertThat(watch.meters().restarts(RestartReason.UNREACHABLE)).isZero();
    }

    @Test
    void doesNotMindEventsThatComeTwiceOrLate() {
        front.disorder(true);
        startAndAwait();
        Random random = new Random(7);
        for (int i = 0; i < 150; i++) {
            churn(random);
        }
        report("150 changes, told twice and in disorder", null);
    }

    @Test
    void readsOnWhenAnEventIsNoEvent() {
        startAndAwait();
        front.inject("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":7}}}");
        front.inject("{\"type\":\"ADDED\"}");
        front.inject("{\"type\":\"SURPRISE\",\"object\":{}}");
        front.inject("[");
        changeSomething();
        awaitEqual();
        assertThat(watch.meters().skippedCount()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void survivesThatTheApiIsAway() throws IOException {
        startAndAwait();
        events.clear();
        proxy.leave();
        await().atMost(LONG).until(() -> watch.meters().restarts(RestartReason.UNREACHABLE) >= 20);
        assertThat(watch.problem()).contains("cannot be used (nodes)");
        assertThat(events).as("nothing is forgotten meanwhile").isEmpty();
        changeSomething();
        proxy.comeBack();
        report("API away, 20 attempts", RestartReason.UNREACHABLE);
        await().atMost(LONG).until(() -> watch.problem().isEmpty());
    }

    @Test
    void tellsNothingWhenAListAnewShowsNothingNew() throws IOException {
        startAndAwait();
        events.clear();
        for (int i = 0; i < 3; i++) {
            int lists = front.lists();
            proxy.leave();
            front.cache(NODES).compact();
            proxy.comeBack();
            await().atMost(LONG).until(() -> front.lists() > lists && watch.problem().isEmpty());
        }
        assertThat(events).isEmpty();
        assertThat(watch.meters().restarts(RestartReason.GONE)).isGreaterThanOrEqualTo(3);
    }

    @Test
    void bookmarksCountAsLifeAndMoveTheVersionOn() throws IOException {
        front.serve(PODS, api.client().pods().inAnyNamespace(), api.client());
        try (PodWatch pods = new PodWatch(client, "n1", metrics, this::take, TIMING)) {
            createPod("mine", "n1");
            awaitCache(PODS, 1001);
            pods.start();
            await().atMost(LONG).until(() -> told("default/mine") && front.watchers() > 0);
            createPod("another", "n2");
            awaitCache(PODS, 1002);
            assertThat(queries("spec.nodeName%3Dn1")).isNotEmpty();
            assertThat(queries("allowWatchBookmarks=true")).isNotEmpty();
            long before = pods.meters().heardAt();
            front.bookmark();
            await().atMost(LONG).until(() -> pods.meters().heardAt() > before);
            await().atMost(LONG)
                    .until(
                            () -> {
                                proxy.cut();
                                return !queries("watch=true.*resourceVersion=1002").isEmpty();
                            });
            assertThat(told("default/another")).isFalse();
        }
    }

    @Test
    void isRightAfterAnyFaultsDuringAnyChanges() throws IOException {
        startAndAwait();
        Random random = new Random(42);
        for (int i = 0; i < 200; i++) {
            churn(random);
            if (random.nextInt(7) == 0) {
                harm(random);
                if (random.nextBoolean()) {
                    // Else the next fault meets a watch that has not recovered yet.
                    awaitEqual();
                }
            }
        }
        front.disorder(false);
        proxy.slowDown(Duration.ZERO);
        report("200 changes among faults of all kinds", null);
        print("restarts: " + restarts() + ", lists: " + front.lists());
    }

    private Map<String, Integer> restarts() {
        Map<String, Integer> restarts = new TreeMap<>();
        for (RestartReason reason : RestartReason.values()) {
            restarts.put(reason.label(), (int) watch.meters().restarts(reason));
        }
        return restarts;
    }

    private void harm(Random random) throws IOException {
        switch (random.nextInt(9)) {
            case 0 -> proxy.cut();
            case 1 -> proxy.freeze();
            case 2 -> front.failLists(2, 500, BROKEN);
            case 3 -> front.failWatches(2, 503, "");
            case 4 -> front.cache(NODES).compact();
            case 5 -> front.disorder(random.nextBoolean());
            case 6 -> front.endWatches();
            case 7 -> front.tellGoneAsEvent(random.nextBoolean());
            default -> {
                proxy.leave();
                churn(random);
                proxy.comeBack();
            }
        }
    }

    /** Makes, changes or removes one of twenty nodes. */
    private void churn(Random random) {
        String name = "c" + random.nextInt(20);
        String podCidr = "10.245." + random.nextInt(256) + ".0/24";
        if (api.client().nodes().withName(name).get() == null) {
            api.createNode(name, podCidr);
        } else if (random.nextInt(3) == 0) {
            api.deleteNode(name);
        } else {
            api.setPodCidr(name, podCidr);
        }
    }

    private void changeSomething() {
        api.deleteNode("n1");
        api.setPodCidr("n2", "10.244.22.0/24");
        api.createNode("n9", "10.244.9.0/24");
        awaitTrue(() -> front.cache(NODES).version() >= 1008);
    }

    private void createPod(String name, String node) {
        api.client()
                .pods()
                .inNamespace("default")
                .resource(
                        new PodBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .endMetadata()
                                .withNewSpec()
                                .withNodeName(node)
                                .endSpec()
                                .build())
                .create();
    }

    private boolean told(String pod) {
        return events.stream().anyMatch(event -> event.key().equals("pod/" + pod));
    }

    private List<String> queries(String pattern) {
        return front.queries().stream()
                .filter(query -> query.matches(".*" + pattern + ".*"))
                .toList();
    }

    private void startAndAwait() {
        watch.start();
        awaitEqual();
        await().atMost(LONG).until(() -> front.watchers() > 0);
    }

    private void awaitCache(int changes) {
        awaitCache(NODES, 1000 + changes);
    }

    private void awaitCache(String path, long version) {
        awaitTrue(() -> front.cache(path).version() >= version);
    }

    private static void awaitTrue(Callable<Boolean> condition) {
        await().atMost(LONG).until(condition);
    }

    /** The agent's view and the server's objects, by the fields that count. */
    private void awaitEqual() {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(viewed()).isEqualTo(served()));
    }

    private Map<String, String> viewed() {
        Map<String, String> seen = new TreeMap<>();
        view.values().forEach(node -> seen.put(node.name(), node.uid() + node.podCidrs()));
        return seen;
    }

    private Map<String, String> served() {
        Map<String, String> there = new TreeMap<>();
        for (Node node : api.client().nodes().list().getItems()) {
            there.put(
                    node.getMetadata().getName(),
                    node.getMetadata().getUid() + node.getSpec().getPodCIDRs());
        }
        return there;
    }

    /** Waits for the view to be right and says how long that took; the clock starts here. */
    private void report(String what, @Nullable RestartReason reason) {
        long begin = System.nanoTime();
        awaitEqual();
        print(
                "%s: right again after %d ms"
                        .formatted(what, (System.nanoTime() - begin) / 1_000_000));
        if (reason != null) {
            await().atMost(LONG)
                    .untilAsserted(
                            () ->
                                    assertThat(restarts().get(reason.label()))
                                            .as("restarts: %s", restarts())
                                            .isPositive());
        }
    }

    private static void print(String line) {
        System.out.println(String.format(Locale.ROOT, "  watch faults: %s", line));
    }
}
