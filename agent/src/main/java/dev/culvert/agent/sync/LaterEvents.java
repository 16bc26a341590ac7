package dev.culvert.agent.sync;

import dev.culvert.agent.state.PolicyEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Events that change rules and have to wait until those that only change members of sets are in
 * force. The sync thread's only.
 *
 * <p>When rules change, all sets that changed with them are written anew, so that both come at the
 * same moment. Pods of other nodes change often; one after the other each costs little.
 */
final class LaterEvents {
    /** At most one for each object, the last. */
    private final Map<String, PolicyEvent> events = new LinkedHashMap<>();

    /**
     * Keeps an event if it has to wait, also for an earlier one about the same object.
     *
     * @param local the pods that are attached here
     * @return whether it waits
     */
    boolean keeps(PolicyEvent event, Set<String> local) {
        boolean waits =
                switch (event) {
                    case PolicyEvent.PolicyChanged _, PolicyEvent.PolicyRemoved _ -> true;
                    case PolicyEvent.PeerChanged(var pod) -> local.contains(pod.key());
                    case PolicyEvent.PeerRemoved(String key) -> local.contains(key);
                    default -> false;
                };
        if (waits || events.containsKey(event.key())) {
            events.remove(event.key());
            events.put(event.key(), event);
            return true;
        }
        return false;
    }

    boolean isEmpty() {
        return events.isEmpty();
    }

    /** All that wait, in order. */
    List<PolicyEvent> takeAll() {
        List<PolicyEvent> taken = List.copyOf(events.values());
        events.clear();
        return taken;
    }
}
