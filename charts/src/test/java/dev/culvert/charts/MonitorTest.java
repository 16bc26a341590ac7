package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What Prometheus makes of the monitors' relabelings. The targets are those that it would discover
 * in Kubernetes, and before the monitors' come relabelings like the Prometheus operator's.
 */
class MonitorTest {
    private static final JsonMapper JSON = new JsonMapper();

    private final Chart chart = Chart.ours();

    @TempDir private Path folder = Path.of("");

    /**
     * A pod without ports is one target for each of its containers, also those that somebody added.
     * Of targets with the same labels and address Prometheus asks one: there is one for the two
     * agents of a node that is being updated.
     */
    @Test
    void thePodMonitorAsksEachNodesAgentOnceAtItsPortAndNoOtherContainer() throws Exception {
        Map<String, String> other = pod("10.0.0.1", "n1", "old");
        other.put("__meta_kubernetes_pod_container_name", "proxy");
        Map<String, Object> values = Chart.with(Values.EVERYTHING, "config.httpPort", 9999);
        Set<Map<String, String>> targets =
                targets(
                        relabelings(values, "PodMonitor"),
                        List.of(
                                pod("10.0.0.1", "n1", "old"),
                                other,
                                pod("10.0.0.1", "n1", "new"),
                                pod("fd00::2", "n2", "third")));
        assertThat(targets)
                .extracting(each -> each.get("__address__") + " " + each.get("node"))
                .containsExactlyInAnyOrder("10.0.0.1:9999 n1", "[fd00::2]:9999 n2");
        assertThat(targets)
                .allSatisfy(
                        each ->
                                assertThat(each)
                                        .containsEntry("namespace", "kube-system")
                                        .containsEntry("container", "agent"));
    }

    @Test
    void theServiceMonitorAsksEachNodesAgentOnceToo() throws Exception {
        assertThat(
                        targets(
                                relabelings(Values.EVERYTHING, "ServiceMonitor"),
                                List.of(
                                        pod("10.0.0.1:9473", "n1", "old"),
                                        pod("10.0.0.1:9473", "n1", "new"),
                                        pod("10.0.0.2:9473", "n2", "third"))))
                .extracting(each -> each.get("__address__") + " " + each.get("node"))
                .containsExactlyInAnyOrder("10.0.0.1:9473 n1", "10.0.0.2:9473 n2");
    }

    @Test
    void relabelingsOfTheOperatorComeLast() throws Exception {
        Map<String, Object> own =
                Map.of("sourceLabels", List.of("__meta_kubernetes_pod_name"), "targetLabel", "pod");
        Map<String, Object> values =
                Chart.with(Values.EVERYTHING, "metrics.podMonitor.relabelings", List.of(own));
        assertThat(targets(relabelings(values, "PodMonitor"), List.of(pod("10.0.0.1", "n1", "a"))))
                .extracting(each -> each.get("pod"))
                .containsExactly("a");
    }

    /** Whoever selects by a port that the pods do not name, finds none. */
    @Test
    void nothingAsksForAPortByANameThatThePodsDoNotHave() {
        List<JsonNode> objects = chart.objects(Values.EVERYTHING);
        JsonNode pods = Chart.only(objects, "PodMonitor").at("/spec/podMetricsEndpoints/0");
        assertThat(pods.propertyNames()).doesNotContain("port", "portNumber", "targetPort");
        JsonNode service = Chart.only(objects, "Service").at("/spec/ports/0");
        assertThat(service.path("targetPort").isIntegralNumber()).isTrue();
        assertThat(service.path("targetPort").asInt()).isEqualTo(9473);
        assertThat(Chart.only(objects, "ServiceMonitor").at("/spec/endpoints/0/port"))
                .isEqualTo(service.path("name"));
    }

    private JsonNode relabelings(Map<String, Object> values, String kind) {
        String endpoint =
                kind.equals("PodMonitor") ? "/spec/podMetricsEndpoints/0" : "/spec/endpoints/0";
        return Chart.only(chart.objects(values), kind).at(endpoint).path("relabelings");
    }

    private static Map<String, String> pod(String address, String node, String name) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("__address__", address);
        labels.put("__meta_kubernetes_namespace", "kube-system");
        labels.put("__meta_kubernetes_pod_ip", address);
        labels.put("__meta_kubernetes_pod_name", name);
        labels.put("__meta_kubernetes_pod_node_name", node);
        labels.put("__meta_kubernetes_pod_container_name", "agent");
        return labels;
    }

    /** The labels of what is left after the relabelings. */
    private Set<Map<String, String>> targets(JsonNode relabelings, List<Map<String, String>> pods)
            throws IOException, InterruptedException {
        Path file = folder.resolve("prometheus.yml"); // JSON is YAML
        Map<String, Object> job =
                Map.of(
                        "job_name", "pods",
                        "relabel_configs", withTheOperators(relabelings),
                        "static_configs", pods.stream().map(MonitorTest::known).toList());
        Files.writeString(file, JSON.writeValueAsString(Map.of("scrape_configs", List.of(job))));
        Promtool.run(folder, "check", "config", file.toString());
        String found =
                Promtool.run(
                        folder,
                        "check",
                        "service-discovery",
                        "--timeout=2s",
                        file.toString(),
                        "pods");
        JsonNode results = JSON.readTree(found);
        assertThat(results).hasSize(pods.size());
        return results.valueStream()
                .map(each -> each.path("labels"))
                .filter(each -> !each.isEmpty())
                .map(MonitorTest::labels)
                .collect(Collectors.toSet());
    }

    private static Map<String, Object> known(Map<String, String> pod) {
        String address = pod.getOrDefault("__address__", "");
        Map<String, String> labels = new LinkedHashMap<>(pod);
        labels.remove("__address__");
        return Map.of("targets", List.of(address), "labels", labels);
    }

    private static List<Map<String, Object>> withTheOperators(JsonNode relabelings) {
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(copied("namespace", "namespace"));
        all.add(copied("pod_container_name", "container"));
        all.add(copied("pod_name", "pod"));
        for (JsonNode each : relabelings) {
            Map<String, Object> rule = new LinkedHashMap<>();
            each.properties()
                    .forEach(
                            field ->
                                    rule.put(
                                            field.getKey()
                                                    .replace("sourceLabels", "source_labels")
                                                    .replace("targetLabel", "target_label"),
                                            Schema.plain(field.getValue())));
            all.add(rule);
        }
        return all;
    }

    private static Map<String, Object> copied(String from, String to) {
        return Map.of("source_labels", List.of("__meta_kubernetes_" + from), "target_label", to);
    }

    private static Map<String, String> labels(JsonNode labels) {
        return labels.properties().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, each -> each.getValue().asString()));
    }
}
