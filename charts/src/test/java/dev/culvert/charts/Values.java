package dev.culvert.charts;

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
}
