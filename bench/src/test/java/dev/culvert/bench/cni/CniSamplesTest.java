package dev.culvert.bench.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CniSamplesTest {
    @Test
    void takesTheValueThatSoManyDoNotExceed() {
        List<Double> hundred =
                IntStream.rangeClosed(1, 100).mapToObj(i -> (double) (101 - i)).toList();
        assertThat(CniSamples.quantile(hundred, 0.5)).isEqualTo(50);
        assertThat(CniSamples.quantile(hundred, 0.99)).isEqualTo(99);
        assertThat(CniSamples.quantile(hundred, 0)).isEqualTo(1);
        assertThat(CniSamples.quantile(hundred, 1)).isEqualTo(100);
        assertThat(CniSamples.quantile(List.of(7.0), 0.99)).isEqualTo(7);
        assertThat(CniSamples.quantile(List.of(), 0.5)).isNaN();
    }

    @Test
    void comparesRoundByRound() {
        CniSamples samples = new CniSamples();
        double[][] rounds = {{1, 10}, {20, 40}, {3, 30}};
        for (double[] round : rounds) {
            samples.add(CniMetric.ADD_P50, PluginMode.CULVERT, round[0]);
            samples.add(CniMetric.ADD_P50, PluginMode.BRIDGE, round[1]);
        }
        List<ResultLine> lines = samples.summary();
        assertThat(lines).extracting(ResultLine::mode).containsExactly("culvert", "bridge");
        assertThat(lines.getFirst().median()).isEqualTo(3);
        assertThat(lines.getFirst().min()).isEqualTo(1);
        assertThat(lines.getFirst().max()).isEqualTo(20);
        assertThat(lines.getFirst().ratioToKernel()).isEqualTo(0.1);
        assertThat(lines.getLast().ratioToKernel()).isEqualTo(1);
        assertThat(lines.getFirst().toJson())
                .startsWith(
                        "{\"mode\":\"culvert\",\"underlay\":\"none\",\"metric\":\"addP50Millis\"");
    }
}
