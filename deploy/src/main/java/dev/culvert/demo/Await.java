package dev.culvert.demo;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition that nobody announces. Stateless, any thread. */
final class Await {
    private static final long STEP_NANOS = Duration.ofMillis(20).toNanos();

    private Await() {}

    /** Asks again and again until {@code condition} holds; false if it did not in {@code limit}. */
    static boolean until(Duration limit, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
        return true;
    }
}
