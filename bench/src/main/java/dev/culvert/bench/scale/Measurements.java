package dev.culvert.bench.scale;

import dev.culvert.bench.report.ResultLine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** All values of all metrics. One thread. */
final class Measurements {
    private final Map<ScaleMetric, List<Double>> values = new EnumMap<>(ScaleMetric.class);

    void add(ScaleMetric metric, double value) {
        values.computeIfAbsent(metric, _ -> new ArrayList<>()).add(value);
    }

    /** The same in the form of all benches, in the order of the constants. */
    List<ResultLine> lines() {
        return values.entrySet().stream()
                .map(entry -> line(entry.getKey(), entry.getValue().stream().sorted().toList()))
                .toList();
    }

    private static ResultLine line(ScaleMetric metric, List<Double> sorted) {
        return new ResultLine(
                "culvert",
                "none",
                metric.label(),
                quantile(sorted, 0.5),
                sorted.getFirst(),
                sorted.getLast(),
                metric.unit(),
                Double.NaN);
    }

    /** The value that so large a part of the sorted values does not exceed. */
    static double quantile(List<Double> sorted, double part) {
        int index = (int) Math.ceil(part * sorted.size()) - 1;
        return sorted.get(Math.max(0, index));
    }
}
