package dev.culvert.agent.metrics;

import dev.culvert.overlay.BatchSizes;
import dev.culvert.overlay.TrafficStats;
import io.prometheus.client.Collector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How many packets single system calls carry. The event loops count by themselves what a histogram
 * needs, which a meter of the registry could not take over. Any thread.
 */
public final class BatchCollector extends Collector {
    private static final String NAME = "culvert_overlay_batch_packets";

    private final Supplier<? extends @Nullable TrafficStats> stats;

    /** Tells of the data path that there is at the time, or of none. */
    public BatchCollector(Supplier<? extends @Nullable TrafficStats> stats) {
        this.stats = stats;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        TrafficStats now = stats.get();
        if (now == null) {
            return List.of();
        }
        List<MetricFamilySamples.Sample> samples = new ArrayList<>();
        add(samples, "egress", now.egressBatches());
        add(samples, "ingress", now.ingressBatches());
        return List.of(
                new MetricFamilySamples(
                        NAME, Type.HISTOGRAM, "Packets of single system calls", samples));
    }

    private static void add(
            List<MetricFamilySamples.Sample> samples, String direction, BatchSizes sizes) {
        long calls = 0;
        for (int bucket = 0; bucket < sizes.counts().size(); bucket++) {
            calls += sizes.counts().get(bucket);
            String bound =
                    bucket < BatchSizes.BOUNDS.size()
                            ? doubleToGoString(BatchSizes.BOUNDS.get(bucket))
                            : "+Inf";
            samples.add(
                    new MetricFamilySamples.Sample(
                            NAME + "_bucket",
                            List.of("direction", "le"),
                            List.of(direction, bound),
                            calls));
        }
        samples.add(sample("_count", direction, (double) calls));
        samples.add(sample("_sum", direction, (double) sizes.packets()));
    }

    private static MetricFamilySamples.Sample sample(
            String suffix, String direction, double value) {
        return new MetricFamilySamples.Sample(
                NAME + suffix, List.of("direction"), List.of(direction), value);
    }
}
