package dev.culvert.bench.cni;

import dev.culvert.bench.report.ResultLine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The values of all rounds, and what they come to. One thread. */
final class CniSamples {
    private final Map<CniMetric, Map<PluginMode, List<Double>>> values =
            new EnumMap<>(CniMetric.class);

    /** Notes what a round gave; every round must give every mode's value of a metric. */
    void add(CniMetric metric, PluginMode mode, double value) {
        of(metric, mode).add(value);
    }

    private List<Double> of(CniMetric metric, PluginMode mode) {
        return values.computeIfAbsent(metric, _ -> new EnumMap<>(PluginMode.class))
                .computeIfAbsent(mode, _ -> new ArrayList<>());
    }

    /** A line for each metric and mode. */
    List<ResultLine> summary() {
        List<ResultLine> lines = new ArrayList<>();
        values.forEach(
                (metric, modes) ->
                        modes.forEach((mode, rounds) -> lines.add(line(metric, mode, rounds))));
        return lines;
    }

    private ResultLine line(CniMetric metric, PluginMode mode, List<Double> rounds) {
        return new ResultLine(
                mode.label(),
                "none",
                metric.label(),
                quantile(rounds, 0.5),
                quantile(rounds, 0),
                quantile(rounds, 1),
                metric.unit(),
                ratio(rounds, of(metric, PluginMode.BRIDGE)));
    }

    /** Round by round, since a round's runs share what else the machine did then. */
    private static double ratio(List<Double> rounds, List<Double> reference) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(rounds.size(), reference.size()); i++) {
            ratios.add(rounds.get(i) / reference.get(i));
        }
        return quantile(ratios, 0.5);
    }

    /** The smallest value that this share of all does not exceed; NaN of nothing. */
    static double quantile(List<Double> values, double share) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int rank = (int) Math.ceil(share * sorted.size());
        return sorted.get(Math.clamp(rank - 1, 0, sorted.size() - 1));
    }
}
