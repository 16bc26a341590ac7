package dev.culvert.agent.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.culvert.linux.route.RateLimit;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BandwidthTest {
    private static final long MEGABIT = 1_000_000;

    private static RateLimit limit(long rate, long burst) {
        Bandwidth bandwidth = new Bandwidth(rate, burst, rate, burst);
        RateLimit ingress = Objects.requireNonNull(bandwidth.ingress(1450));
        assertThat(bandwidth.egress(1450)).isEqualTo(ingress);
        return ingress;
    }

    @Test
    void limitsNothingWithoutARate() {
        assertThat(Bandwidth.UNLIMITED.ingress(1450)).isNull();
        assertThat(new Bandwidth(0, 8000, MEGABIT, 0).ingress(1450)).isNull();
        assertThat(new Bandwidth(0, 8000, MEGABIT, 0).egress(1450)).isNotNull();
    }

    @Test
    void takesABurstAtItsWord() {
        assertThat(limit(80 * MEGABIT, 800_000))
                .isEqualTo(new RateLimit(10_000_000, 100_000, 100_000 + 500_000));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x7fff_ffffL, 0xffff_ffffL, Long.MAX_VALUE})
    void choosesABurstWhereNoneIsMeant(long burst) {
        assertThat(limit(800 * MEGABIT, burst))
                .isEqualTo(new RateLimit(100_000_000, 1_000_000, 6_000_000));
        assertThat(limit(MEGABIT, burst))
                .isEqualTo(new RateLimit(125_000, 16 << 10, (16 << 10) + (256 << 10)));
    }

    @Test
    void letsEveryPacketPass() {
        assertThat(limit(8, 8)).isEqualTo(new RateLimit(1, 1468, 1468 + (256 << 10)));
        assertThat(limit(1, 0).bytesPerSecond()).isEqualTo(1);
    }

    @Test
    void staysInTheRangesOfTheKernelWhateverTheRate() {
        RateLimit limit = limit(Long.MAX_VALUE, 0);
        assertThat(limit.bytesPerSecond()).isEqualTo(Long.MAX_VALUE / 8);
        assertThat(limit.burstBytes()).isEqualTo(256 << 20);
        assertThat(limit.queueBytes()).isEqualTo(512 << 20);
    }

    @Test
    void isNotNegative() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Bandwidth(-1, 0, 0, 0));
    }
}
