package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.kube.EventRecorder;
import dev.culvert.agent.kube.KubeConnection;
import dev.culvert.agent.kube.NetworkCondition;
import dev.culvert.agent.kube.NodeAnnotations;
import dev.culvert.agent.kube.NodeWatch;
import dev.culvert.agent.kube.PodWatch;
import dev.culvert.agent.kube.VtepPublisher;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.OwnNode;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.MacAddress;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The agent's own classes ask an API server for everything that they ever ask for, and the chart's
 * access rules are held against what arrived there.
 */
class AccessTest {
    /** What is granted although the agent does not ask for it, and why. */
    private static final Map<String, String> GRANTED_IN_ADVANCE =
            Map.ofEntries(
                    Map.entry("get /pods", "goes with list, which tells no less"),
                    Map.entry("get /namespaces", "network policies"),
                    Map.entry("list /namespaces", "network policies"),
                    Map.entry("watch /namespaces", "network policies"),
                    Map.entry("get networking.k8s.io/networkpolicies", "network policies"),
                    Map.entry("list networking.k8s.io/networkpolicies", "network policies"),
                    Map.entry("watch networking.k8s.io/networkpolicies", "network policies"));

    @TempDir private Path folder = Path.of("");

    @Test
    void theAgentMayDoWhatItDoesAndNothingElse() throws IOException {
        Set<String> asked = askedForByTheAgent();
        Set<String> granted = granted();
        assertThat(granted).containsAll(asked);
        Set<String> more = new TreeSet<>(granted);
        more.removeAll(asked);
        assertThat(more).isEqualTo(new TreeSet<>(GRANTED_IN_ADVANCE.keySet()));
    }

    @Test
    void noRuleHoldsForEverything() {
        assertThat(granted()).noneMatch(each -> each.contains("*"));
    }

    /** Each rule as a verb and a resource: {@code patch /nodes/status}. */
    private static Set<String> granted() {
        ClusterRole role =
                (ClusterRole)
                        StrictModel.read(Chart.only(Chart.ours().objects(Map.of()), "ClusterRole"));
        Set<String> granted = new TreeSet<>();
        for (var rule : role.getRules()) {
            assertThat(rule.getResourceNames()).isEmpty();
            assertThat(rule.getNonResourceURLs()).isEmpty();
            for (String group : rule.getApiGroups()) {
                for (String resource : rule.getResources()) {
                    rule.getVerbs()
                            .forEach(verb -> granted.add(verb + " " + group + "/" + resource));
                }
            }
        }
        return granted;
    }

    private Set<String> askedForByTheAgent() throws IOException {
        Recorder recorder = new Recorder();
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(), new MockWebServer(), new HashMap<>(), recorder, false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        try (KubernetesClient client = connect(server.getPort())) {
            client.nodes()
                    .resource(
                            new NodeBuilder()
                                    .withNewMetadata()
                                    .withName("n1")
                                    .endMetadata()
                                    .withNewStatus()
                                    .endStatus()
                                    .build())
                    .create();
            recorder.asked.clear(); // the test's own
            run(client, recorder);
            return Set.copyOf(recorder.asked);
        } finally {
            server.destroy();
        }
    }

    private static void run(KubernetesClient client, Recorder recorder) throws IOException {
        NodeAnnotations annotations = NodeAnnotations.withFlannel(8472);
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        OwnNode own = new OwnNode(Map.of(), "True NoRouteCreated");
        try (NodeWatch nodes = new NodeWatch(client, "n1", annotations, metrics, _ -> {});
                PodWatch pods = new PodWatch(client, "n1", metrics, _ -> {});
                VtepPublisher publisher = new VtepPublisher(client, "n1", annotations);
                NetworkCondition condition = new NetworkCondition(client, "n1", () -> true);
                EventRecorder events = new EventRecorder(client, "n1")) {
            publisher.desire(
                    new VtepAnnouncement(
                            InetAddress.ofLiteral("192.0.2.1"),
                            MacAddress.ofName("n1"),
                            1,
                            8472,
                            true));
            condition.observe(own);
            events.record(new Notice(Notice.Reason.READY, "it is"));
            nodes.start();
            pods.start();
            publisher.start();
            condition.start();
            events.start();
            await().atMost(Duration.ofSeconds(60))
                    .until(
                            () ->
                                    recorder.asked.containsAll(
                                            Set.of(
                                                    "list /nodes",
                                                    "watch /nodes",
                                                    "list /pods",
                                                    "watch /pods",
                                                    "patch /nodes/status",
                                                    "create events.k8s.io/events")));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> recorder.patches.containsAll(Set.of("annotations", "conditions")));
        }
    }

    private KubernetesClient connect(int port) throws IOException {
        Path kubeconfig = folder.resolve("kubeconfig");
        Files.writeString(
                kubeconfig,
                """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                users: [{name: u, user: {}}]
                current-context: c
                """
                        .formatted(port));
        return KubeConnection.open(kubeconfig, "");
    }

    /** Answers as ever, and remembers each request as the API server's authorizer would see it. */
    private static final class Recorder extends KubernetesCrudDispatcher {
        private final Set<String> asked = new ConcurrentSkipListSet<>();
        private final Set<String> patches = new ConcurrentSkipListSet<>();

        @Override
        public MockResponse dispatch(RecordedRequest request) {
            asked.add(access(request.method().toString(), request.getPath()));
            if (request.method().toString().equals("PATCH")) {
                String body = request.getUtf8Body();
                patches.add(body.contains("conditions") ? "conditions" : "annotations");
            }
            return super.dispatch(request);
        }

        private static String access(String method, String target) {
            String path = target.substring(1).split("\\?", 2)[0];
            String[] parts = path.split("/", -1);
            boolean core = parts[0].equals("api");
            int at = core ? 2 : 3;
            if (at + 2 < parts.length && parts[at].equals("namespaces")) {
                at += 2;
            }
            boolean named = at + 1 < parts.length;
            String resource = parts[at] + (at + 2 < parts.length ? "/" + parts[at + 2] : "");
            String verb =
                    switch (method) {
                        case "GET" ->
                                target.contains("watch=true") ? "watch" : named ? "get" : "list";
                        case "POST" -> "create";
                        case "PUT" -> "update";
                        default -> method.toLowerCase(java.util.Locale.ROOT);
                    };
            return verb + " " + (core ? "" : parts[1]) + "/" + resource;
        }
    }
}
