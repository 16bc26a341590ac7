package dev.culvert.bench.policy;

import dev.culvert.agent.state.ClusterEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which changes are not in force yet, and how long the others took. Any thread.
 *
 * <p>The queue of the agent keeps only the latest event of an object, so an event that was taken
 * stands for all earlier ones of its object.
 */
final class Pending {
    /** A change and when it was due; in force once as many of its events are as it has. */
    private static final class Waiting {
        private final ChangeKind kind;
        private final long due;
        private int open;

        Waiting(Change change, long due) {
            this.kind = change.kind();
            this.due = due;
            this.open = change.events().size();
        }
    }

    private record Entry(ClusterEvent event, Waiting change) {}

    private final Map<String, Deque<Entry>> entries = new HashMap<>();
    private final Map<ChangeKind, List<Double>> millis = new EnumMap<>(ChangeKind.class);
    private int open;

    /** This is about to be submitted. */
    synchronized void add(Change change, long due) {
        Waiting waiting = new Waiting(change, due);
        open++;
        for (ClusterEvent event : change.events()) {
            entries.computeIfAbsent(event.key(), _ -> new ArrayDeque<>())
                    .add(new Entry(event, waiting));
        }
    }

    /** These were taken by the sync thread, and what they want is in force. */
    synchronized void inForce(List<ClusterEvent> taken, long now) {
        taken.forEach(event -> inForce(event, now));
    }

    /** Equal events may wait twice; it is about the very one that the sync thread took. */
    @SuppressWarnings("ReferenceEquality")
    private void inForce(ClusterEvent taken, long now) {
        Deque<Entry> waiting = entries.getOrDefault(taken.key(), new ArrayDeque<>());
        if (waiting.stream().noneMatch(entry -> entry.event() == taken)) {
            return;
        }
        boolean found = false;
        while (!found) {
            Entry entry = waiting.remove();
            found = entry.event() == taken;
            if (--entry.change().open == 0) {
                open--;
                millis.computeIfAbsent(entry.change().kind, _ -> new ArrayList<>())
                        .add((now - entry.change().due) / 1e6);
            }
        }
        if (waiting.isEmpty()) {
            entries.remove(taken.key());
        }
    }

    /** How many changes are not in force yet. */
    synchronized int open() {
        return open;
    }

    /** How long each took from the time it was due, by kind; forgets them. */
    synchronized Map<ChangeKind, List<Double>> take() {
        Map<ChangeKind, List<Double>> taken = new EnumMap<>(millis);
        millis.clear();
        return taken;
    }
}
