package dev.culvert.charts;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code docs/metrics.md} promises, by name. Immutable, any thread. */
final class DocumentedMetrics {
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `(culvert_\\w+)` \\|([^|]*)\\|(.*)\\|$");
    private static final Pattern PROCESS = Pattern.compile("`(process_\\w+)`");
    private static final Pattern QUOTED = Pattern.compile("`(\\w+)`");

    /** Of Prometheus itself. */
    private static final Set<String> TARGET_LABELS = Set.of("job", "instance", "node", "le");

    private final Map<String, String> meanings = new LinkedHashMap<>();
    private final Set<String> labels = new TreeSet<>(TARGET_LABELS);

    DocumentedMetrics() throws IOException {
        String text = Files.readString(Chart.file("docs/metrics.md"));
        Matcher rows = ROW.matcher(text);
        while (rows.find()) {
            meanings.put(rows.group(1), rows.group(3));
            Matcher names = QUOTED.matcher(rows.group(2));
            while (names.find()) {
                labels.add(names.group(1));
            }
        }
        Matcher process = PROCESS.matcher(text);
        while (process.find()) {
            meanings.put(process.group(1), "");
        }
        meanings.put("up", "Prometheus' own");
        ofTheJvm();
    }

    /** As Micrometer names them. */
    @SuppressWarnings("deprecation") // the registry that the agent has
    private void ofTheJvm() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        registry.scrape()
                .lines()
                .filter(each -> each.startsWith("# TYPE "))
                .forEach(each -> meanings.put(each.split(" ", -1)[2], ""));
        labels.add("area");
        // Appears with the first collection.
        meanings.put("jvm_gc_pause_seconds_sum", JvmGcMetrics.class.getSimpleName());
    }

    boolean has(String name) {
        String base = name.replaceFirst("_(bucket|count|sum)$", "");
        return meanings.containsKey(name) || meanings.getOrDefault(base, "").contains("histogram");
    }

    boolean hasLabel(String name) {
        return labels.contains(name);
    }

    /** How many there are. */
    int size() {
        return meanings.size();
    }
}
