package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Events that wait for the sync thread, at most one of each key: the latest. Any thread puts; one
 * takes.
 */
final class EventQueue {
    private static final Duration GATHER = Duration.ofMillis(20);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<String, Waiting> events = new LinkedHashMap<>();
    private final List<CompletableFuture<Void>> waiters = new ArrayList<>();
    private long nextTake = System.nanoTime();
    private boolean resync;
    private boolean closed;

    /** An event, and when the first one with its key came. */
    private record Waiting(ClusterEvent event, long since) {}

    /**
     * What was waiting.
     *
     * @param since when each event came, as of {@link System#nanoTime}; of several with the same
     *     key the first
     * @param waiters who wants to know when that is in force
     */
    record Batch(
            List<ClusterEvent> events,
            List<Long> since,
            List<CompletableFuture<Void>> waiters,
            boolean resync,
            boolean closed) {}

    void put(ClusterEvent event) {
        lock.lock();
        try {
            Waiting before = events.remove(event.key());
            long since = before == null ? System.nanoTime() : before.since();
            events.put(event.key(), new Waiting(event, since));
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
        lock.lock();
        try {
            return events.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Asks for a round; it will be told of with the next {@link Batch}. */
    void put(CompletableFuture<Void> waiter) {
        lock.lock();
        try {
            waiters.add(waiter);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void requestResync() {
        lock.lock();
        try {
            resync = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Changes come in swarms: a short pause after each round makes one round of many, while the
     * first of them does not wait.
     */
    private void gather() throws InterruptedException {
        long left = nextTake - System.nanoTime();
        while (left > 0 && !closed && (resync || !events.isEmpty() || !waiters.isEmpty())) {
            left = changed.awaitNanos(left);
        }
        nextTake = System.nanoTime() + GATHER.toNanos();
    }

    /** All that waits, after at most {@code nanos}; possibly nothing. */
    Batch take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long deadline = System.nanoTime() + nanos;
            while (events.isEmpty() && waiters.isEmpty() && !resync && !closed) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || !changed.await(left, TimeUnit.NANOSECONDS)) {
                    break;
                }
            }
            gather();
            Batch batch =
                    new Batch(
                            events.values().stream().map(Waiting::event).toList(),
                            events.values().stream().map(Waiting::since).toList(),
                            List.copyOf(waiters),
                            resync,
                            closed);
            events.clear();
            waiters.clear();
            resync = false;
            return batch;
        } finally {
            lock.unlock();
        }
    }
}
