package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.PeerChanges;
import dev.culvert.agent.state.PolicyEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that makes the kernel match the state: events go into the state, the state becomes
 * what the synchronizers want, and they apply it in a fixed order.
 *
 * <p>The first that fails ends the round, since those behind build on it; the round is repeated
 * with growing pauses, on every event, and every 30 s anyway. Any thread may submit and ask.
 */
public final class SyncLoop implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(SyncLoop.class);
    private static final Duration RESYNC = Duration.ofSeconds(30);

    /** A bound for the time in which nothing can be applied. */
    private static final int MOST_MEASURED = 10_000;

    private final ClusterState state;
    private final List<Synchronizer> synchronizers;
    private final EventQueue queue = new EventQueue();
    private final Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(15));
    private final LastingTrouble trouble;
    private final SyncMeter meter;
    private final Thread thread;
    private volatile Map<String, String> problems;
    private volatile @Nullable ClusterView view;
    private List<String> loggedWarnings = List.of();
    private String loggedProblem = "";
    private final List<Long> unapplied = new ArrayList<>();
    private final List<CompletableFuture<Void>> waiters = new ArrayList<>();
    private volatile LongConsumer appliedAfter = _ -> {};
    private final List<Long> unappliedPolicies = new ArrayList<>();
    private volatile LongConsumer policyAppliedAfter = _ -> {};
    private volatile Consumer<PolicyEvent> policies = _ -> {};
    private volatile Consumer<String> peerChanges = _ -> {};

    /** Nobody is told what an operator should know. */
    public SyncLoop(ClusterState state, List<Synchronizer> synchronizers) {
        this(state, synchronizers, _ -> {});
    }

    /**
     * @param notices is told what an operator should know; must not block
     */
    SyncLoop(ClusterState state, List<Synchronizer> synchronizers, Consumer<Notice> notices) {
        this.state = state;
        this.trouble = new LastingTrouble(notices, System::nanoTime);
        this.synchronizers = List.copyOf(synchronizers);
        this.meter = new SyncMeter(synchronizers);
        this.problems = initially(synchronizers);
        this.thread = Thread.ofPlatform().name("sync").unstarted(this::run);
    }

    private static Map<String, String> initially(List<Synchronizer> synchronizers) {
        Map<String, String> problems = new LinkedHashMap<>();
        synchronizers.forEach(each -> problems.put(each.name(), "not done yet"));
        return problems;
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    /** Tells it of an event. */
    public void submit(ClusterEvent event) {
        queue.put(event);
    }

    /**
     * Tells {@code meter} of each event how long it took from {@link #submit} until the data path
     * and the kernel were as it wants them, in nanoseconds. On the sync thread.
     */
    public void measure(LongConsumer meter) {
        appliedAfter = meter;
    }

    /** As {@link #measure}, of events about policies, pods of all nodes and namespaces only. */
    public void measurePolicies(LongConsumer meter) {
        policyAppliedAfter = meter;
    }

    /** Tells {@code listener} of events about policies before each round. On the sync thread. */
    public void followPolicies(Consumer<PolicyEvent> listener) {
        policies = listener;
    }

    /** Tells {@code meter} how long each round took, in nanoseconds. On the sync thread. */
    public void measureRounds(LongConsumer meter) {
        this.meter.tell(meter);
    }

    /** Tells {@code listener} in words what becomes of other nodes. On the sync thread. */
    public void listen(Consumer<String> listener) {
        peerChanges = listener;
    }

    /** How it fares. */
    public SyncStats stats() {
        return meter.stats(!isDone() || !queue.isEmpty());
    }

    /** How long the round that runs now has taken so far; zero when none does. */
    public Duration running() {
        return meter.running();
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return thread.getState() == Thread.State.TERMINATED;
    }

    /** Makes it look at the kernel again soon. */
    public void requestResync() {
        queue.requestResync();
    }

    /** Makes a round soon, for something that is no event. */
    public void requestRound() {
        queue.put(new CompletableFuture<>());
    }

    /**
     * Returns once everything is as what was submitted until now wants it. Not on the sync thread.
     *
     * @throws IOException if that takes longer than {@code patience}, with the reason
     */
    public void awaitRound(Duration patience) throws IOException {
        CompletableFuture<Void> applied = new CompletableFuture<>();
        queue.put(applied);
        try {
            applied.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            applied.cancel(false);
            throw new IOException(
                    "what the pod needs of this node is not in force after %d s: %s"
                            .formatted(patience.toSeconds(), firstProblem()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the agent is being stopped", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private String firstProblem() {
        return problems.values().stream()
                .filter(problem -> !problem.isEmpty())
                .findFirst()
                .orElse("the node is busy");
    }

    /** Each synchronizer's problem, in order: a sentence, or empty when it is done. */
    public Map<String, String> problems() {
        return problems;
    }

    /** The cluster as of the last round, or null before the nodes are known. */
    public @Nullable ClusterView view() {
        return view;
    }

    private void run() {
        long nextResync = System.nanoTime();
        try {
            while (true) {
                EventQueue.Batch batch = queue.take(backoff.pause(RESYNC).toNanos());
                if (batch.closed()) {
                    return;
                }
                boolean due = System.nanoTime() - nextResync >= 0;
                if (due) {
                    nextResync = System.nanoTime() + RESYNC.toNanos();
                }
                remember(batch);
                waiters.removeIf(CompletableFuture::isDone);
                waiters.addAll(batch.waiters());
                meter.begin();
                round(batch.events(), due || batch.resync());
                boolean applied = view != null && isDone();
                meter.end(applied);
                if (applied) {
                    waiters.forEach(each -> each.complete(null));
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void remember(EventQueue.Batch batch) {
        if (unapplied.size() >= MOST_MEASURED) {
            return;
        }
        unapplied.addAll(batch.since());
        for (int i = 0; i < batch.events().size(); i++) {
            if (batch.events().get(i) instanceof PolicyEvent) {
                unappliedPolicies.add(batch.since().get(i));
            }
        }
    }

    /** One round; the thread's own, and tests'. */
    void round(List<ClusterEvent> events, boolean resync) {
        events.forEach(this::take);
        if (!state.isListed()) {
            return;
        }
        ClusterView before = view;
        ClusterView current = state.view();
        view = current;
        log(current.warnings());
        if (before != null) {
            PeerChanges.tell(before.leases(), current.leases(), peerChanges);
        }
        trouble.look(current);
        synchronizers.forEach(each -> each.setDesired(current));
        if (resync) {
            synchronizers.forEach(Synchronizer::queueResync);
        }
        boolean othersOnly = !resync && before != null && current.isSameNodeAs(before) && isDone();
        applyInOrder(each -> !othersOnly || each.dependsOnOtherNodes());
    }

    private void take(ClusterEvent event) {
        if (event instanceof PolicyEvent about) {
            policies.accept(about);
        } else {
            state.apply(event);
        }
    }

    private boolean isDone() {
        return problems.values().stream().allMatch(String::isEmpty);
    }

    /** Those that are left out are done. */
    private void applyInOrder(Predicate<Synchronizer> affected) {
        Map<String, String> now = new LinkedHashMap<>();
        String failed = "";
        Notice failure = null;
        for (Synchronizer each : synchronizers) {
            if (failure == null) {
                failure = affected.test(each) ? apply(each) : null;
                now.put(each.name(), failure == null ? "" : failure.message());
                failed = each.name();
                if (failure != null) {
                    meter.failed(failed);
                }
            } else {
                now.put(each.name(), "waits for " + failed);
            }
        }
        report(failure);
        problems = now;
    }

    private static @Nullable Notice apply(Synchronizer synchronizer) {
        try {
            synchronizer.apply();
            return null;
        } catch (IOException | RuntimeException e) {
            LOG.debug("failed part={}", synchronizer.name(), e);
            String message = e.getMessage();
            Notice.Reason reason =
                    e instanceof NotReadyException known
                            ? known.reason()
                            : synchronizer.failureReason();
            return new Notice(reason, message == null ? e.toString() : message);
        }
    }

    /** The first failure and the recovery are worth a line, repetitions are not. */
    private void report(@Nullable Notice failure) {
        String sentence = failure == null ? "" : failure.message();
        if (failure == null) {
            backoff.succeeded();
            long now = System.nanoTime();
            unapplied.forEach(since -> appliedAfter.accept(now - since));
            unapplied.clear();
            unappliedPolicies.forEach(since -> policyAppliedAfter.accept(now - since));
            unappliedPolicies.clear();
            trouble.succeeded();
        } else {
            backoff.failed();
            trouble.failed(failure);
        }
        if (!sentence.equals(loggedProblem)) {
            if (sentence.isEmpty()) {
                LOG.info("in sync again");
            } else {
                LOG.warn("not in sync, will retry: {}", sentence);
            }
            loggedProblem = sentence;
        }
    }

    private void log(List<String> warnings) {
        warnings.stream()
                .filter(each -> !loggedWarnings.contains(each))
                .forEach(each -> LOG.warn("{}", each));
        loggedWarnings = warnings;
    }

    /** Ends the thread, then closes the synchronizers in reverse; links and routes stay. */
    @Override
    public void close() {
        queue.close();
        if (thread.getState() != Thread.State.NEW) {
            awaitEnd();
        }
        synchronizers.reversed().forEach(Synchronizer::close);
    }

    private void awaitEnd() {
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
