package dev.culvert.overlay.icmp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {
    private static final long MILLISECOND = 1_000_000;

    /** The clock has no zero, and runs over into negative numbers. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, Long.MAX_VALUE - 5, Long.MIN_VALUE, -1})
    void givesABurstAndThenTheRate(long start) {
        TokenBucket bucket = new TokenBucket(100, 50);

        assertThat(taken(bucket, 200, start)).isEqualTo(50);
        assertThat(taken(bucket, 5, start + 9 * MILLISECOND)).isZero();
        assertThat(taken(bucket, 5, start + 10 * MILLISECOND)).isEqualTo(1);
        assertThat(taken(bucket, 50, start + 110 * MILLISECOND)).isEqualTo(10);
    }

    @Test
    void savesNoMoreThanABurst() {
        TokenBucket bucket = new TokenBucket(100, 50);

        assertThat(taken(bucket, 200, 7)).isEqualTo(50);
        assertThat(taken(bucket, 200, 7 + 3_600_000 * MILLISECOND)).isEqualTo(50);
    }

    @Test
    void aClockThatStepsBackGivesNothing() {
        TokenBucket bucket = new TokenBucket(100, 1);

        assertThat(taken(bucket, 2, 1000 * MILLISECOND)).isEqualTo(1);
        assertThat(taken(bucket, 2, 500 * MILLISECOND)).isZero();
        assertThat(taken(bucket, 2, 510 * MILLISECOND)).isEqualTo(1);
    }

    private static long taken(TokenBucket bucket, int attempts, long nanos) {
        return IntStream.range(0, attempts).filter(_ -> bucket.take(nanos)).count();
    }
}
