package dev.culvert.overlay;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * How late an event loop gets to its tasks, which is how long it was busy or without a core. A task
 * on the loop looks every second; any thread may read the result.
 */
final class LoopLag {
    private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Scrapers ask every 15 to 30 seconds and must not miss a peak. */
    private static final int PERIODS_PER_WINDOW = 30;

    private volatile long dueNanos;
    private volatile long windowNanos;
    private volatile long formerWindowNanos;
    private volatile boolean started;
    private int periods;

    /** Looks from now on, until the loop ends. */
    void start(EventLoop loop) {
        dueNanos = System.nanoTime() + PERIOD_NANOS;
        started = true;
        var _ =
                loop.scheduleWithFixedDelay(
                        () -> look(System.nanoTime()),
                        PERIOD_NANOS,
                        PERIOD_NANOS,
                        TimeUnit.NANOSECONDS);
    }

    /** On the event loop, when it is the task's turn. */
    void look(long now) {
        long lag = now - dueNanos;
        if (periods == PERIODS_PER_WINDOW) {
            periods = 0;
            formerWindowNanos = windowNanos;
            windowNanos = lag;
        } else {
            windowNanos = Math.max(windowNanos, lag);
        }
        periods++;
        dueNanos = now + PERIOD_NANOS;
    }

    /** How late it is with a task that still waits. */
    long waitingNanos(long now) {
        return started ? Math.max(0, now - dueNanos) : 0;
    }

    /** The longest within the last 30 to 60 seconds, that of a task still waiting included. */
    long nanos(long now) {
        return Math.max(waitingNanos(now), Math.max(windowNanos, formerWindowNanos));
    }
}
