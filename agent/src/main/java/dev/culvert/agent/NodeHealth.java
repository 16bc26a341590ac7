package dev.culvert.agent;

import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.RecentChanges;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Looks after readiness on a thread of its own: has the tests made that readiness needs, and tells
 * when a condition begins or ceases to hold. Often until the node is ready for the first time or
 * has not been for ten seconds, then once a second.
 */
final class NodeHealth implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(NodeHealth.class);
    private static final Duration HURRY = Duration.ofMillis(50);
    private static final int HURRIES = 200;
    private static final Duration CALM = Duration.ofSeconds(1);

    private final LongConsumer tests;
    private final Supplier<Map<String, String>> conditions;
    private final RecentChanges changes;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("health").factory());
    private Map<String, String> told = Map.of();
    private boolean wasReady;
    private int looks;

    /**
     * @param tests what to do each time, with the time as of {@link System#nanoTime}
     * @param conditions a name each, and a sentence or nothing when it holds
     * @param changes is told of conditions
     */
    NodeHealth(
            LongConsumer tests, Supplier<Map<String, String>> conditions, RecentChanges changes) {
        this.tests = tests;
        this.conditions = conditions;
        this.changes = changes;
    }

    /** Begins, in the network namespace of the process. */
    void start() {
        schedule(HURRY);
    }

    private void schedule(Duration pause) {
        var _ = executor.schedule(this::look, pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            tests.accept(System.nanoTime());
            tell(conditions.get());
        } catch (RuntimeException e) {
            LOG.error("a defect of the agent: its health cannot be looked at", e);
        } finally {
            if (!executor.isShutdown()) {
                looks++;
                schedule(wasReady || looks > HURRIES ? CALM : HURRY);
            }
        }
    }

    /** What keeps a starting node from being ready is no change: it never was. */
    void tell(Map<String, String> now) {
        boolean ready = now.values().stream().allMatch(String::isEmpty);
        Map<String, String> before = told;
        told = new TreeMap<>(now);
        if (!wasReady) {
            wasReady = ready;
            if (ready) {
                changes.add(Change.Kind.READINESS, "the node is ready");
            }
            return;
        }
        now.forEach((name, problem) -> tell(name, before.getOrDefault(name, ""), problem));
    }

    private void tell(String name, String before, String problem) {
        if (before.isEmpty() && !problem.isEmpty()) {
            changes.add(Change.Kind.READINESS, "%s: %s".formatted(name, problem));
        } else if (!before.isEmpty() && problem.isEmpty()) {
            changes.add(Change.Kind.READINESS, "%s is well again".formatted(name));
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
