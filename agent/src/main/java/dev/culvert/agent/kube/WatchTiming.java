package dev.culvert.agent.kube;

import java.time.Duration;

/**
 * How long a watch waits for what. Immutable, any thread.
 *
 * @param stallAfter without an event or bookmark for so long, the connection counts as dead. The
 *     API server sends a bookmark about once a minute
 * @param refreshAfter when everything is listed anew though nothing seems wrong
 * @param answerWithin how long one request may take, the body included
 * @param firstPause before a failed request is repeated; doubles with each failure
 * @param longestPause what the pause grows to
 */
record WatchTiming(
        Duration stallAfter,
        Duration refreshAfter,
        Duration answerWithin,
        Duration firstPause,
        Duration longestPause) {

    /** What the agent uses. */
    static final WatchTiming DEFAULT =
            new WatchTiming(
                    Duration.ofSeconds(75),
                    Duration.ofHours(1),
                    Duration.ofSeconds(60),
                    Duration.ofMillis(250),
                    Duration.ofSeconds(10));
}
