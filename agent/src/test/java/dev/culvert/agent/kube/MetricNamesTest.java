package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The documentation of the watches' metrics, held against what they register. */
class MetricNamesTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void theDocumentedNamesAndReasonsAreTheRegisteredOnes() throws IOException {
        String text = Files.readString(Path.of("../docs/metrics.md"));
        var _ = new WatchMeters(registry, "nodes");
        try (PeerFile file = new PeerFile(Path.of("/nonexistent"), "n1")) {
            file.bindTo(registry);
        }
        Set<String> documented = found(text, "(?m)^\\| `(culvert_(?:kube|agent_peers)_\\w+)`");
        assertThat(documented).isEqualTo(registered());
        for (RestartReason reason : RestartReason.values()) {
            assertThat(text).contains("\n| `" + reason.label() + "` | ");
        }
        assertThat(registry.getMeters())
                .filteredOn(meter -> meter.getId().getName().contains("kube"))
                .allSatisfy(
                        meter ->
                                assertThat(meter.getId().getTags())
                                        .contains(Tag.of("kind", "nodes")));
    }

    private Set<String> registered() {
        return registry.getMeters().stream()
                .map(
                        meter ->
                                meter.getId().getName().replace('.', '_').toLowerCase(Locale.ROOT)
                                        + (meter.getId().getType() == Meter.Type.COUNTER
                                                ? "_total"
                                                : ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> found(String text, String pattern) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
