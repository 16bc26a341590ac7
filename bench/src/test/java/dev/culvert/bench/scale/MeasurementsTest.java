package dev.culvert.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class MeasurementsTest {
    @Test
    void sumsUpEachMetric() {
        Measurements measurements = new Measurements();
        DoubleStream.of(3, 1, 2).forEach(each -> measurements.add(ScaleMetric.RSS, each));
        measurements.add(ScaleMetric.CPU, 7);
        assertThat(measurements.lines())
                .extracting(ResultLine::metric, ResultLine::median, ResultLine::max)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("rssMiB", 2.0, 3.0),
                        org.assertj.core.groups.Tuple.tuple("cpuPercent", 7.0, 7.0));
    }

    @Test
    void aQuantileIsAValueThatWasMeasured() {
        List<Double> sorted = DoubleStream.iterate(1, each -> each + 1).limit(200).boxed().toList();
        assertThat(Measurements.quantile(sorted, 0.5)).isEqualTo(100);
        assertThat(Measurements.quantile(sorted, 0.99)).isEqualTo(198);
        assertThat(Measurements.quantile(List.of(4.0), 0.99)).isEqualTo(4);
    }
}
