package dev.culvert.overlay.channel;

/**
 * Decides how long an event loop that has run out of packets goes on looking for more. Looking that
 * finds something is free: it took the place of a wake-up. Looking in vain is paid from a credit
 * that grows with time, so that it never takes more than an eighth of a core, whatever the traffic.
 * One event loop, which also brings the clock.
 */
final class SpinBudget {
    /** One part in so many of the time may be spent in vain. */
    private static final int SHARE = 8;

    /** How many windows may be spent in vain one after another. */
    private static final int BURST_WINDOWS = 64;

    private final long windowNanos;
    private final long capacityNanos;
    private long creditNanos;
    private long latest;

    /**
     * @param micros how long to look after each packet, in microseconds; 0 never to
     */
    SpinBudget(int micros) {
        windowNanos = micros * 1000L;
        capacityNanos = windowNanos * BURST_WINDOWS;
        creditNanos = capacityNanos;
    }

    /** How long to look from {@code nanos} on; 0 to sleep at once. */
    long window(long nanos) {
        long elapsed = Math.clamp(nanos - latest, 0, capacityNanos * SHARE);
        latest = nanos;
        creditNanos = Math.min(capacityNanos, creditNanos + elapsed / SHARE);
        return creditNanos >= windowNanos ? windowNanos : 0;
    }

    /** Looking for so long found nothing. */
    void spentInVain(long nanos) {
        creditNanos -= nanos;
    }
}
