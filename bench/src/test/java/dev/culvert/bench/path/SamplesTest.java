package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SamplesTest {
    private final Samples samples = new Samples();

    private void add(int round, Mode mode, double value) {
        samples.add(round, Underlay.WIRE, mode, Map.of(Metric.TCP1, value));
    }

    @Test
    void takesTheMedianOfAnOddAndOfAnEvenNumber() {
        assertThat(Samples.median(List.of(9.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(Samples.median(List.of(4.0, 1.0, 2.0, 9.0))).isEqualTo(3);
        assertThat(Samples.median(List.of())).isNaN();
    }

    @Test
    void comparesEachRoundWithTheKernelInTheSameRound() {
        // By medians alone the ratio would be 100 / 400.
        double[][] rounds = {{100, 100}, {50, 400}, {300, 600}};
        for (int round = 0; round < rounds.length; round++) {
            add(round, Mode.CULVERT, rounds[round][0]);
            add(round, Mode.KERNEL, rounds[round][1]);
        }
        assertThat(samples.summary())
                .containsExactly(
                        new ResultLine("culvert", "wire", "tcp1", 100, 50, 300, "Mbit/s", 0.5),
                        new ResultLine("kernel", "wire", "tcp1", 400, 100, 600, "Mbit/s", 1));
    }

    @Test
    void leavesOutRoundsWithoutAValueOfTheKernel() {
        add(0, Mode.CULVERT, 10);
        add(1, Mode.CULVERT, 30);
        add(1, Mode.KERNEL, 10);
        assertThat(samples.summary().getFirst().ratioToKernel()).isEqualTo(3);
    }

    @Test
    void leavesOutWhatWasNotMeasured() {
        add(0, Mode.CULVERT, Double.NaN);
        assertThat(samples.summary()).isEmpty();
    }

    @Test
    void hasNoRatioWhereTheKernelHasNoValueOrZero() {
        add(0, Mode.CULVERT, 10);
        assertThat(samples.summary().getFirst().ratioToKernel()).isNaN();
        add(0, Mode.KERNEL, 0);
        assertThat(samples.summary().getFirst().ratioToKernel()).isNaN();
    }
}
