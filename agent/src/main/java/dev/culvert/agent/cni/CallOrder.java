package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.Endpoint;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The order in which calls came in. A call may be carried out long after it came, and a runtime
 * that gave up on an ADD sends a DEL: an ADD that is carried out after a DEL that came later must
 * make nothing, for nobody would remove it. DELs are remembered for as long as a call that came
 * before them is not answered. Any thread.
 */
final class CallOrder {
    private final SortedSet<Long> unanswered = new TreeSet<>();
    private final Map<Endpoint, Long> deletes = new HashMap<>();
    private long last;

    /** The number of a call that has just come; {@link #leave} ends it. */
    synchronized long enter() {
        unanswered.add(++last);
        return last;
    }

    /** The call with this number is answered. */
    synchronized void leave(long number) {
        unanswered.remove(number);
        long oldest = unanswered.isEmpty() ? Long.MAX_VALUE : unanswered.first();
        deletes.values().removeIf(delete -> delete <= oldest);
    }

    /** A DEL with this number is about to be carried out. */
    synchronized void delete(Endpoint endpoint, long number) {
        if (!unanswered.isEmpty() && unanswered.first() < number) {
            deletes.merge(endpoint, number, Math::max);
        }
    }

    /** Whether a DEL that came later was carried out already. */
    synchronized boolean isOvertaken(Endpoint endpoint, long number) {
        return number < deletes.getOrDefault(endpoint, 0L);
    }

    /** How many DELs are remembered. */
    synchronized int remembered() {
        return deletes.size();
    }
}
