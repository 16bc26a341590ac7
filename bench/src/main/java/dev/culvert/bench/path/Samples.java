package dev.culvert.bench.path;

import dev.culvert.bench.report.ResultLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The values of all rounds, and what they come to. One thread. */
final class Samples {
    private record Key(Underlay underlay, Metric metric, Mode mode) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int order = underlay.compareTo(other.underlay);
            order = order == 0 ? metric.compareTo(other.metric) : order;
            return order == 0 ? mode.compareTo(other.mode) : order;
        }
    }

    private final SortedMap<Key, SortedMap<Integer, Double>> values = new TreeMap<>();

    /** Notes what one run gave; what is NaN was not measured. */
    void add(int round, Underlay underlay, Mode mode, Map<Metric, Double> measured) {
        measured.forEach(
                (metric, value) -> {
                    if (!value.isNaN()) {
                        of(new Key(underlay, metric, mode)).put(round, value);
                    }
                });
    }

    private SortedMap<Integer, Double> of(Key key) {
        return values.computeIfAbsent(key, _ -> new TreeMap<>());
    }

    /** A line for each underlay, metric and mode, in this order. */
    List<ResultLine> summary() {
        return values.entrySet().stream()
                .map(entry -> line(entry.getKey(), entry.getValue()))
                .toList();
    }

    private ResultLine line(Key key, SortedMap<Integer, Double> rounds) {
        List<Double> sorted = rounds.values().stream().sorted().toList();
        return new ResultLine(
                key.mode.label(),
                key.underlay.label(),
                key.metric.label(),
                median(sorted),
                sorted.getFirst(),
                sorted.getLast(),
                key.metric.unit(),
                ratio(rounds, values.get(new Key(key.underlay, key.metric, Mode.KERNEL))));
    }

    /** Of rounds that both have, since a round's runs share what else the machine did then. */
    private static double ratio(
            Map<Integer, Double> rounds, @Nullable Map<Integer, Double> kernel) {
        List<Double> ratios = new ArrayList<>();
        if (kernel != null) {
            rounds.forEach(
                    (round, value) -> {
                        double reference = kernel.getOrDefault(round, 0.0);
                        if (reference != 0) {
                            ratios.add(value / reference);
                        }
                    });
        }
        return median(ratios);
    }

    /** The middle value, or the mean of the two in the middle; NaN of nothing. */
    static double median(List<Double> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double upper = sorted.get(middle);
        return sorted.size() % 2 == 1 ? upper : (sorted.get(middle - 1) + upper) / 2;
    }
}
