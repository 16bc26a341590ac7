package dev.culvert.agent.probe;

import dev.culvert.agent.probe.PeerHealth.State;
import org.jspecify.annotations.Nullable;

/**
 * What became of the latest probes to one peer, and what follows. One thread.
 *
 * <p>It takes more to change a state than to keep it: three losses in a row make a peer down and
 * two answers in a row bring it back; it is lossy from a tenth of lost probes on, until no more
 * than a twentieth are.
 */
final class PeerTrack {
    /** Loss is measured over so many probes. */
    static final int WINDOW = 20;

    private static final int DOWN_AFTER = 3;
    private static final int UP_AFTER = 2;
    private static final int LEAST_FOR_LOSS = 10;
    private static final int LOSSY_FROM = 10;
    private static final int LOSSY_UNTIL = 20;

    /** RFC 6298: a new value counts for an eighth. */
    private static final int SMOOTHING = 8;

    private State state = State.UNKNOWN;
    private int losses;
    private int results;
    private int inARow;
    private boolean lastLost;
    private @Nullable Long rttNanos;
    private @Nullable Long seenMillis;

    void answered(long nanos, long millis) {
        Long before = rttNanos;
        rttNanos = before == null ? Long.valueOf(nanos) : before + (nanos - before) / SMOOTHING;
        seenMillis = millis;
        note(false);
    }

    void lost() {
        note(true);
    }

    private void note(boolean lost) {
        losses = (losses << 1 | (lost ? 1 : 0)) & ((1 << WINDOW) - 1);
        results = Math.min(WINDOW, results + 1);
        inARow = lost == lastLost ? inARow + 1 : 1;
        lastLost = lost;
        state = next(lost);
    }

    private State next(boolean lost) {
        if (lost && inARow >= DOWN_AFTER) {
            return State.DOWN;
        }
        return switch (state) {
            case UNKNOWN -> lost ? State.UNKNOWN : State.UP;
            case DOWN -> lost || inARow < UP_AFTER ? State.DOWN : comeBack();
            case UP -> isLossy() ? State.LOSSY : State.UP;
            case LOSSY -> lostCount() * LOSSY_UNTIL <= results ? State.UP : State.LOSSY;
        };
    }

    /** What was lost while it was down says nothing of the path that stands again. */
    private State comeBack() {
        losses = 0;
        results = UP_AFTER;
        return State.UP;
    }

    private boolean isLossy() {
        return results >= LEAST_FOR_LOSS && lostCount() * LOSSY_FROM >= results;
    }

    private int lostCount() {
        return Integer.bitCount(losses);
    }

    /** Whether the next probe is worth sending soon: it may change the state. */
    boolean isUndecided() {
        return switch (state) {
            case UNKNOWN -> true;
            case DOWN -> !lastLost;
            case UP, LOSSY -> lastLost;
        };
    }

    State state() {
        return state;
    }

    PeerHealth health() {
        Double ratio = results == 0 ? null : Double.valueOf((double) lostCount() / results);
        return new PeerHealth(state, rttNanos, ratio, seenMillis);
    }
}
