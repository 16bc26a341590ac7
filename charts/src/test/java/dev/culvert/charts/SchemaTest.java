package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class SchemaTest {
    /** Values that change nothing that is rendered, and why. */
    private static final Map<String, String> WITHOUT_EFFECT =
            Map.of(
                    "global", "Helm's own; a parent chart may hand it down",
                    "tests.enabled", "makes a hook, which Helm leaves out of the rendering");

    /** What others have to be for two values of the one to be allowed. */
    private static final Map<String, Map<String, Object>> ONLY_WITH =
            Map.of(
                    "updateStrategy.rollingUpdate.maxUnavailable",
                    Map.of(
                            "updateStrategy.rollingUpdate.maxUnavailable", 2,
                            "updateStrategy.rollingUpdate.maxSurge", 0),
                    "metrics.service.enabled",
                    Map.of("metrics.serviceMonitor.enabled", false));

    private static final String EVERYTHING = Chart.ours().render(Values.EVERYTHING);

    private final Chart chart = Chart.ours();

    static Stream<String> values() throws IOException {
        return Schema.ours().leaves().keySet().stream()
                .filter(each -> !WITHOUT_EFFECT.containsKey(each));
    }

    @ParameterizedTest
    @MethodSource("values")
    void everyValueChangesWhatIsRendered(String path) throws IOException {
        JsonNode leaf = Schema.ours().at(path);
        JsonNode example = leaf.path("examples").path(0);
        assertThat(example.isMissingNode()).as("an example of " + path).isFalse();
        Map<String, Object> before = Values.EVERYTHING;
        for (var each : ONLY_WITH.getOrDefault(path, Map.of()).entrySet()) {
            before = Chart.with(before, each.getKey(), each.getValue());
        }
        Map<String, Object> after = Chart.with(before, path, Schema.plain(example));
        String rendered = chart.render(after);
        assertThat(rendered)
                .isNotEqualTo(ONLY_WITH.containsKey(path) ? chart.render(before) : EVERYTHING);
        Chart.read(rendered).forEach(StrictModel::read);
    }

    @Test
    void valuesWithoutEffectAreThere() throws IOException {
        assertThat(Schema.ours().leaves().keySet()).containsAll(WITHOUT_EFFECT.keySet());
    }

    @Test
    void everyValueIsDescribedAndNoGroupTakesOthers() throws IOException {
        Schema.ours()
                .forEach(
                        (path, node) -> {
                            assertThat(node.path("description").asString(""))
                                    .as("the description of " + path)
                                    .endsWith(".");
                            if (node.has("properties")) {
                                assertThat(node.path("additionalProperties").asBoolean(true))
                                        .as("whether %s takes others", path)
                                        .isFalse();
                            }
                        });
    }

    @Test
    void everyValueButSettingsIsInTheFileOfDefaults() throws IOException {
        JsonNode defaults =
                Chart.read(Files.readString(Chart.file("charts/culvert/values.yaml"))).getFirst();
        for (String path : Schema.ours().leaves().keySet()) {
            if (!path.startsWith("config.") && !path.equals("global")) {
                assertThat(defaults.at("/" + path.replace('.', '/')).isMissingNode())
                        .as("whether values.yaml lacks " + path)
                        .isFalse();
            }
        }
    }

    static Stream<Map.Entry<String, Object>> mistakes() {
        return Stream.of(
                Map.entry("imagee.tag", "1"),
                Map.entry("image.tagg", "1"),
                Map.entry("image.tag", 1.5),
                Map.entry("image.digest", "sha256:short"),
                Map.entry("image.pullPolicy", "Sometimes"),
                Map.entry("config.htttpPort", 80),
                Map.entry("config.httpPort", 65536),
                Map.entry("config.httpPort", "9473"),
                Map.entry("config.vni", 0),
                Map.entry("config.underlayMtu", 100),
                Map.entry("config.clusterCidrs", "10.0.0.0/8"),
                Map.entry("config.clusterCidrs", List.of("10.0.0.0")),
                Map.entry("config.logLevel", "loud"),
                Map.entry("config.logFormat", "xml"),
                Map.entry("config.runDir", "run"),
                Map.entry("cni.install", "yes"),
                Map.entry("imagePullSecrets", List.of("registry")),
                Map.entry("podLabels.a", true),
                Map.entry("tolerations", Map.of()),
                Map.entry("updateStrategy.type", "Recreate"),
                Map.entry("updateStrategy.rollingUpdate.maxUnavailable", "10"),
                Map.entry("livenessProbe.periodSeconds", 0),
                Map.entry("livenessProbe.path", "/"),
                Map.entry("metrics.podMonitor.interval", "often"),
                Map.entry("fullnameOverride", "Culvert"),
                Map.entry("fullnameOverride", "c".repeat(57)));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void aMistakeIsRefusedByName(Map.Entry<String, Object> mistake) {
        String[] keys = mistake.getKey().split("\\.", -1);
        assertThatThrownBy(
                        () ->
                                chart.render(
                                        Chart.with(Map.of(), mistake.getKey(), mistake.getValue())))
                .hasMessageContaining("values don't meet the specifications of the schema")
                .satisfies(
                        failure ->
                                assertThat(failure.getMessage())
                                        .containsAnyOf(keys[0], keys[keys.length - 1]));
    }
}
