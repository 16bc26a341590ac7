package dev.culvert.agent.rules;

import dev.culvert.iptables.FilterStats;
import dev.culvert.iptables.ModeChoice;
import dev.culvert.iptables.PacketFilter;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What is counted and timed of the packet filter. The sync thread writes; any may ask. */
public final class RulesMeter {
    private volatile @Nullable PacketFilter filter;
    private volatile LongConsumer applied = _ -> {};

    /** Nothing is counted yet. */
    public RulesMeter() {}

    /** Tells {@code meter} how long each look at the rules took, in nanoseconds. */
    public void tell(LongConsumer meter) {
        applied = meter;
    }

    /** This one is in use from now on. */
    public void follow(PacketFilter current) {
        filter = current;
    }

    /** It took so long to make the rules as they should be. */
    public void applied(long nanos) {
        applied.accept(nanos);
    }

    /** What the driver did so far. */
    public FilterStats stats() {
        PacketFilter current = filter;
        return current == null ? new FilterStats(0, 0, 0, 0, 0) : current.stats();
    }

    /** Which variant of iptables is used, or null before it is known. */
    public @Nullable ModeChoice mode() {
        PacketFilter current = filter;
        return current == null ? null : current.mode();
    }
}
