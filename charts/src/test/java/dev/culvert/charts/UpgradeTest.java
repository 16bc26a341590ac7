package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * From each chart that there was before to this one: what {@code helm upgrade} would send must be
 * what the API server takes for the objects that are there.
 */
class UpgradeTest {
    /** Fields that cannot be changed once the object exists. */
    private static final Map<String, List<String>> FIXED =
            Map.of(
                    "DaemonSet", List.of("/spec/selector"),
                    "ClusterRoleBinding", List.of("/roleRef"),
                    "Service", List.of("/spec/clusterIP"),
                    "ResourceQuota", List.of("/spec/scopeSelector"));

    static Stream<Path> before() throws IOException {
        try (Stream<Path> files =
                Files.list(Chart.file("charts/src/test/resources/charts-before"))) {
            return files.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("before")
    void anUpgradeWithTheSameValuesChangesNothingThatIsFixed(Path archive) {
        Chart before = new Chart(archive);
        Map<String, Object> known = Values.ofThoseIn(defaults(archive), Values.EVERYTHING);
        Map<String, JsonNode> old = byName(before.objects(known));
        assertThat(old).hasSizeGreaterThan(5);
        Map<String, JsonNode> now = byName(Chart.ours().objects(Values.EVERYTHING));
        assertThat(now.keySet())
                .as("objects that an upgrade would delete")
                .containsAll(old.keySet());
        old.forEach(
                (name, object) -> {
                    for (String field : FIXED.getOrDefault(kind(object), List.of())) {
                        assertThat(now.getOrDefault(name, object).at(field))
                                .as(name + field)
                                .isEqualTo(object.at(field));
                    }
                });
    }

    /** As with {@code --reuse-values}: what was a default then is a value of the operator's now. */
    @ParameterizedTest
    @MethodSource("before")
    void theValuesOfThenAreTakenNow(Path archive) {
        assertThat(Chart.ours().objects(defaults(archive)))
                .isNotEmpty()
                .allSatisfy(each -> assertThat(StrictModel.read(each)).isNotNull());
    }

    /**
     * The agents on the nodes are replaced, and their pods find what they need under the same
     * names.
     */
    @ParameterizedTest
    @MethodSource("before")
    void agentsKeepTheFoldersOnTheirNodes(Path archive) {
        assertThat(folders(Chart.ours())).containsAll(folders(new Chart(archive)));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> defaults(Path archive) {
        String text = new Helm(archive).show().values().call();
        return new JsonMapper().convertValue(Chart.read(text).getFirst(), Map.class);
    }

    private static List<String> folders(Chart chart) {
        JsonNode volumes =
                Chart.only(chart.objects(Map.of()), "DaemonSet").at("/spec/template/spec/volumes");
        return volumes.valueStream()
                .map(each -> each.at("/hostPath/path").asString(""))
                .filter(each -> !each.isEmpty())
                .toList();
    }

    private static Map<String, JsonNode> byName(List<JsonNode> objects) {
        return objects.stream()
                .collect(
                        Collectors.toMap(
                                each -> kind(each) + " " + each.at("/metadata/name").asString(),
                                each -> each));
    }

    private static String kind(JsonNode object) {
        return object.path("kind").asString();
    }
}
