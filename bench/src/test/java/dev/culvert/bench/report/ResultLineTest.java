package dev.culvert.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ResultLineTest {
    @Test
    void writesOneObjectOnOneLine() {
        ResultLine line =
                new ResultLine("culvert", "wire", "tcp1", 1234.5678, 1000, 2000, "Mbit/s", 0.5);
        assertThat(line.toJson())
                .isEqualTo(
                        "{\"mode\":\"culvert\",\"underlay\":\"wire\",\"metric\":\"tcp1\","
                                + "\"median\":1234.568,\"min\":1000.000,\"max\":2000.000,"
                                + "\"unit\":\"Mbit/s\",\"ratioToKernel\":0.500}");
    }

    @Test
    void writesNullForWhatWasNotMeasured() {
        ResultLine line =
                new ResultLine("micro", "none", "x", 1, 1, Double.NaN, "B/op", Double.NaN);
        assertThat(line.toJson()).contains("\"max\":null").endsWith("\"ratioToKernel\":null}");
    }
}
