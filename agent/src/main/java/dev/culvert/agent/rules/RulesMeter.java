package dev.culvert.agent.rules;

import dev.culvert.iptables.FilterStats;
import dev.culvert.iptables.ModeChoice;
import dev.culvert.iptables.PacketFilter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What is counted and timed of the packet filter. The sync thread writes; any may ask. */
public final class RulesMeter {
    /** Why packets of pods are dropped. */
    public enum Drop {
        /** They have another source, IP or hardware address, than their pod. */
        SPOOFED_SOURCE(SourceGuard.SPOOFED_CHAIN),
        /** They are for the overlay's port of a node. */
        OVERLAY_PORT(SourceGuard.OVERLAY_CHAIN),
        /** They say in ARP or to IPv6 neighbours what only another may say. */
        SPOOFED_NEIGHBOR(""),
        /** They are neither IP nor ARP. */
        FOREIGN_PROTOCOL("");

        private final String chain;

        Drop(String chain) {
            this.chain = chain;
        }

        /** Whose rule counts them in the packet filter; no chain has an empty name. */
        public String chain() {
            return chain;
        }

        /** As a metric's label. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A counter of the kernel, which begins anew with its rule. */
    private static final class Total {
        private long last;
        private final LongAdder sum = new LongAdder();

        void see(long packets) {
            sum.add(packets < last ? packets : packets - last);
            last = packets;
        }
    }

    private final Map<String, Total> dropped = new ConcurrentHashMap<>();
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

    /** The kernel's counter is at {@code packets} now; each place has one for each reason. */
    public void dropped(Object place, Drop reason, long packets) {
        dropped.computeIfAbsent(reason + " " + place, _ -> new Total()).see(packets);
    }

    /** How many packets of pods were dropped, as of the last look, which comes every 30 s. */
    public long dropped(Drop reason) {
        long sum = 0;
        for (Map.Entry<String, Total> each : dropped.entrySet()) {
            sum += each.getKey().startsWith(reason + " ") ? each.getValue().sum.sum() : 0;
        }
        return sum;
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
