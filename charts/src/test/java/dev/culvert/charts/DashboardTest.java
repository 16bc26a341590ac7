package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The dashboard: what it asks Prometheus for is there, and Prometheus understands it. */
class DashboardTest {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir private Path folder = Path.of("");

    @Test
    void itAsksForDocumentedMetricsAndLabels() throws IOException {
        DocumentedMetrics documented = new DocumentedMetrics();
        for (String each : expressions()) {
            PromQl expression = new PromQl(each);
            assertThat(expression.metrics()).as(each).isNotEmpty().allMatch(documented::has);
            assertThat(expression.labels()).as(each).allMatch(documented::hasLabel);
        }
    }

    @Test
    void prometheusUnderstandsEachExpression() throws Exception {
        List<String> expressions = expressions();
        List<Map<String, String>> rules =
                IntStream.range(0, expressions.size())
                        .mapToObj(
                                i ->
                                        Map.of(
                                                "record",
                                                "panel:" + i,
                                                "expr",
                                                expressions
                                                        .get(i)
                                                        .replace("$__rate_interval", "5m")))
                        .toList();
        Path file = folder.resolve("panels.yml");
        Files.writeString(
                file,
                JSON.writeValueAsString(
                        Map.of("groups", List.of(Map.of("name", "panels", "rules", rules)))));
        assertThat(Promtool.run(folder, "check", "rules", file.toString()))
                .contains("SUCCESS: " + expressions.size() + " rules found");
    }

    @Test
    void panelsHaveNumbersOfTheirOwnTextsAndPlaces() throws IOException {
        Set<Integer> numbers = new HashSet<>();
        Set<String> cells = new HashSet<>();
        for (JsonNode panel : dashboard().path("panels")) {
            String title = panel.path("title").asString();
            assertThat(numbers.add(panel.path("id").asInt())).as(title).isTrue();
            assertThat(title).isNotEmpty();
            if (!panel.path("type").asString().equals("row")) {
                assertThat(panel.path("description").asString()).as(title).endsWith(".");
                assertThat(panel.path("targets")).as(title).isNotEmpty();
            }
            JsonNode at = panel.path("gridPos");
            int right = at.path("x").asInt() + at.path("w").asInt();
            assertThat(right).as(title).isLessThanOrEqualTo(24);
            for (int x = at.path("x").asInt(); x < right; x++) {
                for (int y = 0; y < at.path("h").asInt(); y++) {
                    int line = at.path("y").asInt() + y;
                    assertThat(cells.add(x + "," + line)).as(title + " overlaps").isTrue();
                }
            }
        }
    }

    @Test
    void itKnowsNoPrometheusInParticular() throws IOException {
        for (JsonNode panel : dashboard().path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                assertThat(target.at("/datasource/uid").asString()).isEqualTo("${datasource}");
                assertThat(target.path("expr").asString()).contains("job=~\"$job\"");
            }
        }
    }

    private static JsonNode dashboard() throws IOException {
        return JSON.readTree(Files.readString(Chart.file("deploy/grafana/culvert.json")));
    }

    private static List<String> expressions() throws IOException {
        List<String> expressions =
                dashboard()
                        .path("panels")
                        .valueStream()
                        .flatMap(panel -> panel.path("targets").valueStream())
                        .map(target -> target.path("expr").asString())
                        .toList();
        assertThat(expressions).hasSizeGreaterThan(20);
        return expressions;
    }
}
