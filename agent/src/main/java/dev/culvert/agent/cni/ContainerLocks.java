package dev.culvert.agent.cni;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

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
