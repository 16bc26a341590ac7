package dev.culvert.agent.state;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The latest {@value #CAPACITY} changes, for the status and the page: what an operator would look
 * for in the log first. Any thread; never blocks for long.
 */
public final class RecentChanges {
    /** Older ones are forgotten. */
    public static final int CAPACITY = 100;

    private final InstantSource clock;
    private final Deque<Change> changes = new ArrayDeque<>(CAPACITY);

    /** With the system's clock. */
    public RecentChanges() {
        this(InstantSource.system());
    }

    /** With a clock of the caller's. */
    public RecentChanges(InstantSource clock) {
        this.clock = clock;
    }

    /** Takes note of a change that happened just now. */
    public synchronized void add(Change.Kind kind, String text) {
        if (changes.size() == CAPACITY) {
            changes.removeFirst();
        }
        changes.addLast(new Change(clock.instant(), kind, text));
    }

    /** The latest, the oldest first. */
    public synchronized List<Change> list() {
        return List.copyOf(changes);
    }
}
