package dev.culvert.bench.policy;

import dev.culvert.bench.report.ResultLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All values, by metric. One thread. */
final class PolicyResults {
    private record Values(String unit, List<Double> all) {}

    private final Map<String, Values> metrics = new LinkedHashMap<>();
    private final String mode;

    /**
     * @param mode the variant of iptables
     */
    PolicyResults(String mode) {
        this.mode = mode;
    }

    void add(String metric, String unit, double value) {
        metrics.computeIfAbsent(metric, _ -> new Values(unit, new ArrayList<>())).all().add(value);
    }

    /** The quantiles of how long changes took. */
    void addTimes(String prefix, List<Double> millis) {
        List<Double> sorted = millis.stream().sorted().toList();
        if (!sorted.isEmpty()) {
            add(prefix + "P50Millis", "ms", quantile(sorted, 0.5));
            add(prefix + "P99Millis", "ms", quantile(sorted, 0.99));
            add(prefix + "MaxMillis", "ms", sorted.getLast());
        }
    }

    /** The value that so large a part of the sorted values does not exceed. */
    static double quantile(List<Double> sorted, double part) {
        return sorted.get(Math.max(0, (int) Math.ceil(part * sorted.size()) - 1));
    }

    /** A line for each metric, in the order of their first values. */
    List<ResultLine> lines() {
        List<ResultLine> lines = new ArrayList<>();
        metrics.forEach(
                (metric, values) -> {
                    List<Double> sorted = values.all().stream().sorted().toList();
                    lines.add(
                            new ResultLine(
                                    mode,
                                    "none",
                                    metric,
                                    quantile(sorted, 0.5),
                                    sorted.getFirst(),
                                    sorted.getLast(),
                                    values.unit(),
                                    Double.NaN));
                });
        return lines;
    }
}
