package dev.culvert.agent;

import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.overlay.Overlay;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * What only a new start of the agent can mend: a thread that is gone or stuck. An API server that
 * is away is no reason, nor is anything that a round of the sync thread can repair. Any thread.
 */
final class Liveness {
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);
    private static final Duration LONGEST_ROUND = Duration.ofMinutes(2);

    private final Map<String, BooleanSupplier> ended = new LinkedHashMap<>();
    private final NodeSynchronization node;

    Liveness(AgentParts parts) {
        this.node = parts.node();
        ended.put("watch-nodes", parts.nodes()::hasEnded);
        ended.put("watch-pods", parts.pods()::hasEnded);
        ended.put("watch-policies", parts.policies()::hasEnded);
        ended.put("link-monitor", parts.monitor()::hasEnded);
        ended.put("cni-socket", parts.cni()::hasEnded);
    }

    /** A name each, and a sentence or nothing when all is well. */
    Map<String, String> conditions() {
        Map<String, String> conditions = new LinkedHashMap<>();
        Overlay overlay = node.overlay();
        conditions.put(
                "event-loops", eventLoops(overlay == null ? Duration.ZERO : overlay.waiting()));
        conditions.put("sync", sync(node.loop().hasEnded(), node.loop().running()));
        ended.forEach(
                (name, hasEnded) ->
                        conditions.put(
                                name, hasEnded.getAsBoolean() ? "its thread has ended" : ""));
        return conditions;
    }

    static String eventLoops(Duration waiting) {
        return waiting.compareTo(LONGEST_WAIT) > 0
                ? "one has not got to its tasks for %d seconds".formatted(waiting.toSeconds())
                : "";
    }

    static String sync(boolean ended, Duration running) {
        if (ended) {
            return "its thread has ended";
        }
        return running.compareTo(LONGEST_ROUND) > 0
                ? "it has been in one round for %d seconds".formatted(running.toSeconds())
                : "";
    }
}
