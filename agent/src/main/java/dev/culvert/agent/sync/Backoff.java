package dev.culvert.agent.sync;

import java.time.Duration;

/** Pauses that double with each failure in a row. One thread's. */
final class Backoff {
    private final Duration first;
    private final Duration most;
    private int failures;

    Backoff(Duration first, Duration most) {
        this.first = first;
        this.most = most;
    }

    void failed() {
        failures++;
    }

    void succeeded() {
        failures = 0;
    }

    /** How long to wait now; {@code idle} when all is well. */
    Duration pause(Duration idle) {
        if (failures == 0) {
            return idle;
        }
        Duration pause = first.multipliedBy(1L << Math.min(failures - 1, 16));
        return pause.compareTo(most) > 0 ? most : pause;
    }
}
