package dev.culvert.agent.probe;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the probe knows of a peer. Immutable.
 *
 * @param state how it is
 * @param rttNanos the smoothed round-trip time through the overlay; null before the first answer
 * @param lossRatio how many of the latest probes were not answered, 0 to 1; null before the first
 * @param seenMillis when it last answered, since 1970; null before
 */
public record PeerHealth(
        State state,
        @Nullable Long rttNanos,
        @Nullable Double lossRatio,
        @Nullable Long seenMillis) {
    /** Before anything is known. */
    public static final PeerHealth UNKNOWN = new PeerHealth(State.UNKNOWN, null, null, null);

    /** How a peer is; {@link #label} is a contract. */
    public enum State {
        /** It answers. */
        UP,
        /** It answers, but not always. */
        LOSSY,
        /** It does not answer. */
        DOWN,
        /** Not found out yet, or nobody asks. */
        UNKNOWN;

        /** As metrics and the status print it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
