package dev.culvert.agent.rules;

import dev.culvert.iptables.PacketFilter;
import java.io.IOException;
import java.util.Map;

/**
 * One concern of the packet filter, such as masquerading: says which chains, rules and sets there
 * should be. The sync thread's only.
 */
public interface RulePart {

    /**
     * Says what should be; cheap when nothing changed, for it is called in each round. Nothing
     * reaches the kernel before {@link PacketFilter#apply}, which comes once all parts have spoken.
     *
     * @param filter remembers what it was told; another object than the last time knows nothing yet
     */
    void render(RulesNode node, PacketFilter filter);

    /**
     * Whether it can say what should be. After a start nothing is written before all parts can, so
     * that what an earlier agent left stays in force.
     */
    default boolean isKnown() {
        return true;
    }

    /**
     * The packet filter refused all of it: whether this part leaves out, from now on, what was
     * refused.
     *
     * @param sentence names the line and says why
     */
    default boolean doesWithout(String sentence) {
        return false;
    }

    /** Somebody may have changed what was written: look again when it is {@link #applied} next. */
    default void queueResync() {}

    /**
     * Whether what it said last is only the first part of what it has to say: once that is in
     * force, it wants to be asked again.
     */
    default boolean hasMore() {
        return false;
    }

    /**
     * What all parts said for this node is in force now: the time to end connections that it
     * forbids.
     *
     * @throws IOException with a sentence for people; the round is then repeated
     */
    default void applied(RulesNode node) throws IOException {}

    /** What its own counters in the kernel are at, besides those of the packet filter. */
    default Map<RulesMeter.Drop, Long> dropped() throws IOException {
        return Map.of();
    }
}
