package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** How agents are replaced: what must be so that two can be on a node, and what replaces them. */
class UpdateTest {
    private static final String TEMPLATE = "/spec/template";
    private static final String AGENT = TEMPLATE + "/spec/containers/0";

    /** Everything but what is long and never in the pods. */
    private static final Map<String, Object> MOST =
            Chart.with(
                    Chart.with(Values.EVERYTHING, "metrics.prometheusRule.enabled", false),
                    "metrics.grafanaDashboard.enabled",
                    false);

    private final Chart chart = Chart.ours();

    @TempDir private Path folder = Path.of("");

    @Test
    void anUpdateStartsTheNewAgentBeforeItStopsTheOldOne() {
        JsonNode update = daemonSet(Map.of()).at("/spec/updateStrategy");
        assertThat(update.path("type").asString()).isEqualTo("RollingUpdate");
        assertThat(update.at("/rollingUpdate/maxSurge").asInt()).isEqualTo(1);
        assertThat(update.at("/rollingUpdate/maxUnavailable").asInt(-1)).isZero();
    }

    @Test
    void anUpdateMayAlsoStopTheOldAgentFirst() {
        JsonNode update = daemonSet(rolling("25%", 0)).at("/spec/updateStrategy/rollingUpdate");
        assertThat(update.path("maxUnavailable").asString()).isEqualTo("25%");
        assertThat(update.path("maxSurge").asInt(-1)).isZero();
    }

    @Test
    void anUpdateThatCouldNeverHappenIsRefused() {
        assertRefused(rolling(0, "0%"), "maxUnavailable and maxSurge are both 0");
        assertRefused(rolling(1, 1), "either maxUnavailable or maxSurge");
    }

    private void assertRefused(Map<String, ?> values, String reason) {
        assertThatThrownBy(() -> chart.render(values)).hasMessageContaining(reason);
    }

    private static Map<String, Object> rolling(Object unavailable, Object surge) {
        return Map.of(
                "updateStrategy",
                Map.of("rollingUpdate", Map.of("maxUnavailable", unavailable, "maxSurge", surge)));
    }

    /** Each port of a pod with the node's network is one of the node's, for one pod of the node. */
    @Test
    void noPortKeepsTheSecondAgentFromItsNode() {
        for (Map<String, ?> values : List.of(Map.<String, Object>of(), Values.EVERYTHING)) {
            assertThat(daemonSet(values).at(AGENT).has("ports")).isFalse();
        }
    }

    /** The quota counts both agents of a node, and those that end. */
    @Test
    void theQuotaHasRoomForTwoAgentsOnEachOf5000Nodes() {
        List<JsonNode> objects = chart.objects(Values.EVERYTHING);
        assertThat(Chart.only(objects, "ResourceQuota").at("/spec/hard/pods").asString())
                .isEqualTo("10000");
    }

    @Test
    void anAgentIsToldTheRevisionByWhichItsProbesAskAndWhichPodItIs() {
        JsonNode agent = daemonSet(Map.of()).at(AGENT);
        String revision = revision(Map.of());
        assertThat(revision).matches("[0-9a-f]{16}");
        for (String probe : List.of("startupProbe", "livenessProbe")) {
            assertThat(path(agent, probe)).isEqualTo("/healthz?revision=" + revision);
        }
        assertThat(path(agent, "readinessProbe")).isEqualTo("/readyz?revision=" + revision);
        assertThat(variable(agent, "POD_UID").at("/valueFrom/fieldRef/fieldPath").asString())
                .isEqualTo("metadata.uid");
    }

    private static String path(JsonNode agent, String probe) {
        return agent.path(probe).at("/httpGet/path").asString();
    }

    @Test
    void theRevisionIsTheSameEachTime() {
        assertThat(revision(Values.EVERYTHING)).isEqualTo(revision(Values.EVERYTHING));
        assertThat(Chart.only(Chart.read(chart.render(Values.EVERYTHING)), "DaemonSet"))
                .isEqualTo(daemonSet(Values.EVERYTHING));
    }

    static Stream<Map.Entry<String, Object>> replacing() {
        return Stream.of(
                Map.entry("image.tag", "2"),
                Map.entry("image.digest", "sha256:" + "a".repeat(64)),
                Map.entry("image.pullPolicy", "Always"),
                Map.entry("extraArgs", List.of("--help")),
                Map.entry("extraEnv", List.of(Map.of("name", "A", "value", "b"))),
                Map.entry("resources.requests.memory", "256Mi"),
                Map.entry("securityContext.capabilities.add", List.of("NET_ADMIN")),
                Map.entry("podLabels.team", "net"),
                Map.entry("podAnnotations.a", "b"),
                Map.entry("terminationGracePeriodSeconds", 60),
                Map.entry("readinessProbe.periodSeconds", 7),
                Map.entry("cni.install", false),
                Map.entry("config.vni", 7),
                Map.entry("config.httpPort", 9999));
    }

    @ParameterizedTest
    @MethodSource("replacing")
    void whatChangesThePodsChangesTheRevision(Map.Entry<String, Object> change) {
        assertThat(revision(Chart.with(Map.of(), change.getKey(), change.getValue())))
                .isNotEqualTo(revision(Map.of()));
    }

    static Stream<Map.Entry<String, Object>> live() {
        return Stream.of(
                Map.entry("config.logLevel", "debug"),
                Map.entry("config.masquerade", false),
                Map.entry("config.peerMetrics", 7),
                Map.entry("updateStrategy.type", "OnDelete"),
                Map.entry("resourceQuota.enabled", true),
                Map.entry("metrics.prometheusRule.enabled", true));
    }

    @ParameterizedTest
    @MethodSource("live")
    void whatReachesTheAgentsWhileTheyRunReplacesNone(Map.Entry<String, Object> change) {
        assertThat(daemonSet(Chart.with(Map.of(), change.getKey(), change.getValue())).at(TEMPLATE))
                .isEqualTo(daemonSet(Map.of()).at(TEMPLATE));
    }

    /** Of the values, that is; the test of the versions is another. */
    @Test
    void theRevisionChangesExactlyWhenThePodsDo() throws IOException {
        JsonNode before = daemonSet(MOST);
        TreeSet<String> replacing = new TreeSet<>();
        for (Map.Entry<String, JsonNode> each : Schema.ours().leaves().entrySet()) {
            JsonNode after = daemonSet(changed(each.getKey(), each.getValue()));
            boolean differs = !pods(after).equals(pods(before));
            assertThat(!revision(after).equals(revision(before)))
                    .as(each.getKey())
                    .isEqualTo(differs);
            if (differs) {
                replacing.add(each.getKey());
            }
        }
        assertThat(replacing)
                .hasSizeGreaterThan(30)
                .contains("tolerations", "affinity", "extraVolumes", "config.runDir", "config.port")
                .doesNotContain("config.logFormat", "config.coalescing", "metrics.service.enabled");
    }

    private static Map<String, Object> changed(String path, JsonNode leaf) {
        if (path.startsWith("updateStrategy.rollingUpdate.")) {
            Map<String, Object> values =
                    Chart.with(MOST, "updateStrategy.rollingUpdate.maxSurge", 0);
            return Chart.with(values, "updateStrategy.rollingUpdate.maxUnavailable", 3);
        }
        if (path.equals("metrics.service.enabled")) {
            return Chart.with(MOST, "metrics", Map.of());
        }
        return leaf.has("examples")
                ? Chart.with(MOST, path, Schema.plain(leaf.path("examples").path(0)))
                : MOST;
    }

    /** The template of the pods, without the revision itself. */
    private static String pods(JsonNode daemonSet) {
        return daemonSet.at(TEMPLATE).toString().replace(revision(daemonSet), "");
    }

    @Test
    void anotherVersionOfTheChartOrOfTheAgentIsAnotherRevision() throws IOException {
        String before = revision(Map.of());
        assertThat(revisionWhere(text -> text)).isEqualTo(before);
        assertThat(revisionWhere(text -> text.replaceFirst("(?m)^version: .*", "version: 99.0.0")))
                .isNotEqualTo(before);
        assertThat(revisionWhere(text -> text.replaceFirst("(?m)^(appVersion: ).*", "$199.0.0")))
                .isNotEqualTo(before);
    }

    @Test
    void aCommentIsNoOtherRevision() throws IOException {
        assertThat(revisionWhere(text -> text.replaceAll("(?m)^(  containers:)$", "  # New.\n$1")))
                .isEqualTo(revision(Map.of()));
    }

    private String revisionWhere(UnaryOperator<String> change) throws IOException {
        Chart copy = new Chart(Files.createTempDirectory(folder, "chart"));
        copy.copyOf(chart, change);
        return revision(Chart.only(copy.objects(Map.of()), "DaemonSet"));
    }

    private String revision(Map<String, ?> values) {
        return revision(daemonSet(values));
    }

    private static String revision(JsonNode daemonSet) {
        return variable(daemonSet.at(AGENT), "CULVERT_REVISION").path("value").asString();
    }

    private static JsonNode variable(JsonNode agent, String name) {
        return agent.path("env")
                .valueStream()
                .filter(each -> each.path("name").asString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private JsonNode daemonSet(Map<String, ?> values) {
        JsonNode found = Chart.only(chart.objects(values), "DaemonSet");
        assertThat(StrictModel.read(found)).isNotNull();
        return found;
    }
}
