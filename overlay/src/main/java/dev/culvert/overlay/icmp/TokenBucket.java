package dev.culvert.overlay.icmp;

/** Lets a burst and then a steady rate through. One thread, which also brings the clock. */
final class TokenBucket {
    private static final long SECOND = 1_000_000_000L;

    private final long nanosPerToken;
    private final long capacityNanos;
    private long creditNanos;
    private long latest;

    TokenBucket(int perSecond, int burst) {
        nanosPerToken = SECOND / perSecond;
        capacityNanos = nanosPerToken * burst;
        creditNanos = capacityNanos;
    }

    /** Takes a token if there is one; {@code nanos} as from {@link System#nanoTime}. */
    boolean take(long nanos) {
        long elapsed = Math.clamp(nanos - latest, 0, capacityNanos);
        latest = nanos;
        creditNanos = Math.min(capacityNanos, creditNanos + elapsed);
        if (creditNanos < nanosPerToken) {
            return false;
        }
        creditNanos -= nanosPerToken;
        return true;
    }
}
