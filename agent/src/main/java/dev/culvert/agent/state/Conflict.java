package dev.culvert.agent.state;

import java.util.Locale;

/**
 * Two nodes that claim the same: the older keeps it and the other is left out, on every node alike.
 * Immutable.
 *
 * @param kind what both claim
 * @param keeper the older node
 * @param loser the node that is left out
 * @param sentence the whole of it for people
 */
public record Conflict(Kind kind, String keeper, String loser, String sentence) {

    /** What two nodes can claim. */
    public enum Kind {
        /** Pod ranges that overlap. */
        POD_CIDR,
        /** An underlay address. */
        ADDRESS;

        /** The value of the metric's label. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
