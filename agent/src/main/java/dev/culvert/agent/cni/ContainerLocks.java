package dev.culvert.agent.cni;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A lock for each container, so that its calls are carried out one at a time, in the order in which
 * they came. Kept only while somebody uses it. Any thread.
 */
final class ContainerLocks {
    private static final class Entry {
        final ReentrantLock lock = new ReentrantLock(true);
        int users;
    }

    private final Map<String, Entry> entries = new HashMap<>();

    /** A held lock. */
    final class Held implements AutoCloseable {
        private final String containerId;
        private final Entry entry;

        private Held(String containerId, Entry entry) {
            this.containerId = containerId;
            this.entry = entry;
        }

        @Override
        public void close() {
            entry.lock.unlock();
            leave(containerId, entry);
        }
    }

    /** Waits for the container's turn. */
    Held hold(String containerId) {
        Entry entry = enter(containerId);
        entry.lock.lock();
        return new Held(containerId, entry);
    }

    /**
     * Takes the container's turn if nobody has it or waits for it.
     *
     * @return null if somebody does
     */
    synchronized @Nullable Held tryHold(String containerId) {
        return entries.containsKey(containerId) ? null : hold(containerId);
    }

    /**
     * Gives {@code look} the containers that calls are about at this moment; none begins or ends
     * while it runs, so it must be short and must not ask for a lock.
     */
    synchronized <T> T whileNothingMoves(Function<Set<String>, T> look) {
        return look.apply(Set.copyOf(entries.keySet()));
    }

    private synchronized Entry enter(String containerId) {
        Entry entry = entries.computeIfAbsent(containerId, _ -> new Entry());
        entry.users++;
        return entry;
    }

    private synchronized void leave(String containerId, Entry entry) {
        entry.users--;
        if (entry.users == 0) {
            entries.remove(containerId);
        }
    }

    /** How many containers have a lock now. */
    synchronized int size() {
        return entries.size();
    }
}
