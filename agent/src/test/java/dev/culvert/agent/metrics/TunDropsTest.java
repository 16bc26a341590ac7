package dev.culvert.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TunDropsTest {
    private static final List<String> DEVICES =
            """
            Inter-|   Receive                            |  Transmit
             face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop
                lo:     100  1 2 3 4 5 6 7     200  8 9 10 11 12 13 14
            culvert.tun:1000 1 2 3 4 5 6 7 2000 8 9 77 11 12 13 14
            """
                    .lines()
                    .toList();

    @Test
    void readsWhatCouldNotBeQueued() {
        assertThat(TunDrops.of("culvert.tun", DEVICES)).isEqualTo(77);
        assertThat(TunDrops.of("culvert", DEVICES)).isZero();
    }

    @Test
    void knowsTheKernelsForm() {
        assertThat(TunDrops.of("lo")).isNotNegative();
    }
}
