package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final Map<String, ClusterEvent> events = new LinkedHashMap<>();
    private boolean resync;
    private boolean closed;

    /** What was waiting. */
    record Batch(List<ClusterEvent> events, boolean resync, boolean closed) {}

    void put(ClusterEvent event) {
        lock.lock();
        try {
            events.remove(event.key());
            events.put(event.key(), event);
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

    /** Changes come in swarms: a short wait makes one round of many. */
    private void gather() throws InterruptedException {
        long left = GATHER.toNanos();
        while (left > 0 && !closed && (resync || !events.isEmpty())) {
            left = changed.awaitNanos(left);
        }
    }

    /** All that waits, after at most {@code nanos}; possibly nothing. */
    Batch take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long deadline = System.nanoTime() + nanos;
            while (events.isEmpty() && !resync && !closed) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || !changed.await(left, TimeUnit.NANOSECONDS)) {
                    break;
                }
            }
            gather();
            Batch batch = new Batch(new ArrayList<>(events.values()), resync, closed);
            events.clear();
            resync = false;
            return batch;
        } finally {
            lock.unlock();
        }
    }
}
