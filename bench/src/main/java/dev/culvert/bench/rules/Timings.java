package dev.culvert.bench.rules;

import dev.culvert.bench.report.ResultLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** How long things took, by mode and metric. One thread. */
final class Timings {
    private record Key(String mode, String metric) {}

    private final Map<Key, List<Double>> millis = new LinkedHashMap<>();

    /** Runs something and notes how long it took. */
    <T extends @Nullable Object> T time(String mode, String metric, Callable<T> work)
            throws Exception {
        long start = System.nanoTime();
        T result = work.call();
        double took = (System.nanoTime() - start) / 1e6;
        millis.computeIfAbsent(new Key(mode, metric), _ -> new ArrayList<>()).add(took);
        return result;
    }

    /** A line for each mode and metric, in the order of their first values. */
    List<ResultLine> summary() {
        List<ResultLine> lines = new ArrayList<>();
        millis.forEach((key, values) -> lines.add(line(key, values.stream().sorted().toList())));
        return lines;
    }

    private static ResultLine line(Key key, List<Double> sorted) {
        double median = (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
        return new ResultLine(
                key.mode,
                "none",
                key.metric,
                median,
                sorted.getFirst(),
                sorted.getLast(),
                "ms",
                Double.NaN);
    }
}
