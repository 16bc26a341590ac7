package dev.culvert.charts;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values that tests begin with. */
final class Values {
    /** Everything that can be switched on. */
    static final Map<String, Object> EVERYTHING =
            Map.of(
                    "config", Map.of("httpAddress", "0.0.0.0"),
                    "image", Map.of("digest", "sha256:" + "0".repeat(64)),
                    "imagePullSecrets", List.of(Map.of("name", "another")),
                    "resourceQuota", Map.of("enabled", true),
                    "serviceAccount", Map.of("annotations", Map.of("example.com/a", "b")),
                    "metrics",
                            Map.of(
                                    "service", Map.of("enabled", true),
                                    "podMonitor", Map.of("enabled", true),
                                    "serviceMonitor", Map.of("enabled", true),
                                    "prometheusRule", Map.of("enabled", true),
                                    "grafanaDashboard", Map.of("enabled", true)));

    private Values() {}

    /** Without those that an older chart does not have; the settings are not among its defaults. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> ofThoseIn(Map<String, Object> defaults, Map<String, Object> values) {
        Map<String, Object> known = new LinkedHashMap<>();
        values.forEach(
                (name, value) -> {
                    Object before = defaults.get(name);
                    if (value instanceof Map<?, ?> inner
                            && before instanceof Map<?, ?> group
                            && !group.isEmpty()
                            && !name.equals("config")) {
                        known.put(
                                name,
                                ofThoseIn(
                                        (Map<String, Object>) group, (Map<String, Object>) inner));
                    } else if (before != null) {
                        known.put(name, value);
                    }
                });
        return known;
    }
}
