package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class LoopLagTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final int WINDOW_SECONDS = 30;

    @Test
    void isNothingBeforeTheStart() {
        assertThat(new LoopLag().nanos(System.nanoTime())).isZero();
    }

    @Test
    void keepsThePeakForAWindowAndThenForgetsIt() {
        LoopLag lag = new LoopLag();
        long now = SECOND;
        lag.look(now);
        now += SECOND + 5_000_000;
        lag.look(now);
        for (int i = 0; i < WINDOW_SECONDS; i++) {
            now += SECOND + 1000;
            lag.look(now);
            assertThat(lag.nanos(now)).isGreaterThanOrEqualTo(5_000_000);
        }
        for (int i = 0; i < 2 * WINDOW_SECONDS; i++) {
            now += SECOND + 1000;
            lag.look(now);
        }
        assertThat(lag.nanos(now)).isEqualTo(1000);
    }

    @Test
    void growsWhileTheLoopIsBlocked() throws Exception {
        EventLoop loop = new DefaultEventLoop();
        CountDownLatch release = new CountDownLatch(1);
        try {
            LoopLag lag = new LoopLag();
            lag.start(loop);
            loop.execute(() -> awaitUninterruptibly(release));
            Awaitility.await()
                    .atMost(20, TimeUnit.SECONDS)
                    .until(() -> lag.nanos(System.nanoTime()) > SECOND / 10);
        } finally {
            release.countDown();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
