package dev.culvert.agent.state;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Says in words what became of the other nodes between two views. Pure, any thread.
 *
 * <p>Both lists are in the order of the nodes' names, so that one pass is enough.
 */
public final class PeerChanges {
    /** More at once are told as one. */
    private static final int MOST_TOLD = 10;

    private final List<String> sentences = new ArrayList<>();
    private int added;
    private int removed;
    private int changed;

    private PeerChanges() {}

    /** Tells {@code sink} what is different, a sentence for each node unless there are many. */
    public static void tell(
            List<SubnetLease> before, List<SubnetLease> after, Consumer<String> sink) {
        PeerChanges changes = new PeerChanges();
        changes.compare(before, after);
        changes.sentences().forEach(sink);
    }

    private void compare(List<SubnetLease> before, List<SubnetLease> after) {
        int old = 0;
        int now = 0;
        while (old < before.size() || now < after.size()) {
            int order = order(before, old, after, now);
            if (order < 0) {
                removed++;
                say("peer %s is gone", before.get(old).node());
            } else if (order > 0) {
                added++;
                say("peer %s at %s with %s is new", described(after.get(now)));
            } else if (!before.get(old).equals(after.get(now))) {
                changed++;
                say("peer %s is at %s with %s now", described(after.get(now)));
            }
            old += order <= 0 ? 1 : 0;
            now += order >= 0 ? 1 : 0;
        }
    }

    private static int order(List<SubnetLease> before, int old, List<SubnetLease> after, int now) {
        if (old == before.size()) {
            return 1;
        }
        return now == after.size() ? -1 : before.get(old).node().compareTo(after.get(now).node());
    }

    private static Object[] described(SubnetLease lease) {
        return new Object[] {
            lease.node(), lease.vtep().address().getHostAddress(), lease.podCidrs()
        };
    }

    @SuppressWarnings("AnnotateFormatMethod") // private, and the formats are above
    private void say(String format, Object... arguments) {
        if (sentences.size() <= MOST_TOLD) {
            sentences.add(format.formatted(arguments));
        }
    }

    private List<String> sentences() {
        return sentences.size() <= MOST_TOLD
                ? sentences
                : List.of(
                        "many peers at once: %d new, %d gone, %d changed"
                                .formatted(added, removed, changed));
    }
}
