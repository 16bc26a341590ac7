package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The alerts: valid, about metrics that there are, tested, and each with something to do. */
class RulesTest {
    private static final Path FOLDER = Chart.file("deploy/prometheus");
    private static final Pattern LABEL = Pattern.compile("\\$labels\\.(\\w+)");

    @Test
    void promtoolFindsNothingWrongWithTheRules() throws Exception {
        assertThat(Promtool.run(FOLDER, "check", "rules", "culvert.rules.yml"))
                .contains("SUCCESS: " + rules().size() + " rules found");
    }

    @Test
    void eachAlertFiresWhenItShouldAndOnlyThen() throws Exception {
        assertThat(Promtool.run(FOLDER, "test", "rules", "culvert.rules.test.yml"))
                .contains("SUCCESS");
    }

    @Test
    void eachAlertIsTestedWhileItIsSilentAndWhileItFires() throws IOException {
        Set<String> silent = new TreeSet<>();
        Set<String> firing = new TreeSet<>();
        JsonNode file =
                Chart.read(Files.readString(FOLDER.resolve("culvert.rules.test.yml"))).getFirst();
        for (JsonNode test : file.path("tests")) {
            for (JsonNode each : test.path("alert_rule_test")) {
                (each.path("exp_alerts").isEmpty() ? silent : firing)
                        .add(each.path("alertname").asString());
            }
        }
        assertThat(silent).isEqualTo(alertNames());
        assertThat(firing).isEqualTo(alertNames());
    }

    @Test
    void theRulesAskForDocumentedMetricsAndLabels() throws IOException {
        DocumentedMetrics documented = new DocumentedMetrics();
        assertThat(documented.size()).isGreaterThan(40);
        Set<String> records = names("record");
        for (JsonNode rule : rules()) {
            PromQl expression = new PromQl(rule.path("expr").asString());
            assertThat(expression.metrics())
                    .as(expression.text())
                    .isNotEmpty()
                    .allMatch(each -> documented.has(each) || records.contains(each));
            assertThat(expression.labels()).as(expression.text()).allMatch(documented::hasLabel);
            Matcher used = LABEL.matcher(rule.path("annotations").toString());
            while (used.find()) {
                assertThat(documented.hasLabel(used.group(1))).as(used.group()).isTrue();
            }
        }
    }

    @Test
    void eachAlertSaysWhatItIsAndWhereHelpIs() throws IOException {
        String help = Files.readString(Chart.file("docs/troubleshooting.md"));
        for (JsonNode alert : alerts()) {
            String name = alert.path("alert").asString();
            JsonNode annotations = alert.path("annotations");
            assertThat(annotations.path("summary").asString()).as(name).isNotEmpty();
            assertThat(annotations.path("description").asString()).as(name).endsWith(".");
            assertThat(annotations.path("runbook").asString())
                    .isEqualTo(
                            "docs/troubleshooting.md#" + name.toLowerCase(java.util.Locale.ROOT));
            assertThat(help).contains("\n### " + name + "\n");
            assertThat(alert.path("labels").path("severity").asString())
                    .isIn("info", "warning", "critical");
        }
        Set<String> headings =
                help.lines()
                        .filter(each -> each.startsWith("### Culvert"))
                        .map(each -> each.substring(4))
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(headings).isEqualTo(alertNames());
    }

    private static List<JsonNode> rules() throws IOException {
        JsonNode file =
                Chart.read(Files.readString(FOLDER.resolve("culvert.rules.yml"))).getFirst();
        return file.path("groups")
                .valueStream()
                .flatMap(group -> group.path("rules").valueStream())
                .toList();
    }

    private static List<JsonNode> alerts() throws IOException {
        return rules().stream().filter(each -> each.has("alert")).toList();
    }

    private static Set<String> alertNames() throws IOException {
        return names("alert");
    }

    private static Set<String> names(String kind) throws IOException {
        return rules().stream()
                .filter(each -> each.has(kind))
                .map(each -> each.path(kind).asString())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
