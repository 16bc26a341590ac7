package dev.culvert.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.BatchSizes;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.TrafficStats.Traffic;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BatchCollectorTest {
    private static final Traffic NOTHING = new Traffic(0, 0, 0);

    private static String scrape(@Nullable TrafficStats stats) throws IOException {
        CollectorRegistry registry = new CollectorRegistry();
        new BatchCollector(() -> stats).register(registry);
        StringWriter text = new StringWriter();
        TextFormat.write004(text, registry.metricFamilySamples());
        return text.toString();
    }

    @Test
    void isAHistogramOfEachDirection() throws IOException {
        BatchSizes egress = new BatchSizes(List.of(3L, 0L, 2L, 0L, 0L, 0L, 0L, 1L), 200);
        BatchSizes ingress = new BatchSizes(List.of(7L, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 7);
        String text =
                scrape(
                        new TrafficStats(
                                NOTHING, NOTHING, 0, 0, 0, Map.of(), egress, ingress, List.of()));
        assertThat(text)
                .contains("# TYPE culvert_overlay_batch_packets histogram")
                .contains(
                        "culvert_overlay_batch_packets_bucket{direction=\"egress\",le=\"1.0\",} 3.0")
                .contains(
                        "culvert_overlay_batch_packets_bucket{direction=\"egress\",le=\"4.0\",} 5.0")
                .contains(
                        "culvert_overlay_batch_packets_bucket{direction=\"egress\",le=\"64.0\",} 5.0")
                .contains(
                        "culvert_overlay_batch_packets_bucket{direction=\"egress\",le=\"+Inf\",} 6.0")
                .contains("culvert_overlay_batch_packets_count{direction=\"egress\",} 6.0")
                .contains("culvert_overlay_batch_packets_sum{direction=\"egress\",} 200.0")
                .contains("culvert_overlay_batch_packets_count{direction=\"ingress\",} 7.0");
    }

    @Test
    void isNotThereWithoutADataPath() throws IOException {
        assertThat(scrape(null)).isEmpty();
    }
}
