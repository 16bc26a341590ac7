package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class PingPongTest {
    @Test
    void takesPercentilesByNearestRank() {
        long[] times = LongStream.rangeClosed(1, 1000).map(i -> 1000 * (1001 - i)).toArray();
        assertThat(PingPong.of(times)).isEqualTo(new PingPong(500, 990, 999));
    }
}
