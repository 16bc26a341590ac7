package dev.culvert.agent.kube;

import java.util.Locale;

/** Why a watch was begun anew: the values of the metric's label {@code reason}. */
enum RestartReason {
    /** The server ended it in good order, as it does every few minutes. */
    ENDED,
    /** The connection broke. */
    LOST,
    /** Neither an event nor a bookmark came for too long. */
    STALLED,
    /** The server no longer knows what came after our version: everything is listed anew. */
    GONE,
    /** The server said that something is wrong with it. */
    ERROR,
    /** An event told of a past that we do not know: everything is listed anew. */
    DISORDER,
    /** It was time to list everything anew. */
    REFRESH,
    /** A list or the beginning of a watch failed. */
    UNREACHABLE;

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
