package dev.culvert.agent.probe;

import java.util.List;
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
    private static final List<State> WORST_FIRST =
            List.of(State.DOWN, State.LOSSY, State.UNKNOWN, State.UP);

    /** Before anything is known. */
    public static final PeerHealth UNKNOWN = new PeerHealth(State.UNKNOWN, null, null, null);

    /** Whether it was found to be there. */
    boolean isAnswering() {
        return state == State.UP || state == State.LOSSY;
    }

    /** Both at once: the worse of the states, the longer time, the greater loss. */
    static PeerHealth worse(PeerHealth one, PeerHealth other) {
        return new PeerHealth(
                WORST_FIRST.indexOf(one.state) < WORST_FIRST.indexOf(other.state)
                        ? one.state
                        : other.state,
                greater(one.rttNanos, other.rttNanos),
                greater(one.lossRatio, other.lossRatio),
                greater(one.seenMillis, other.seenMillis));
    }

    private static <T extends Comparable<T>> @Nullable T greater(
            @Nullable T one, @Nullable T other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.compareTo(other) < 0 ? other : one;
    }

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
