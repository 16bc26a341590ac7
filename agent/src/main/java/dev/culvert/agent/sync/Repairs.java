package dev.culvert.agent.sync;

import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.RecentChanges;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Counts what somebody else changed and the agent put right. What is made for the first time is no
 * repair, nor is what follows a change of what should be. The sync thread counts; any may ask.
 */
public final class Repairs {
    private static final Logger LOG = LogManager.getLogger(Repairs.class);

    private final RecentChanges changes;
    private final Map<RepairKind, LongAdder> counts = new EnumMap<>(RepairKind.class);

    /**
     * @param changes is told of each
     */
    public Repairs(RecentChanges changes) {
        this.changes = changes;
        for (RepairKind kind : RepairKind.values()) {
            counts.put(kind, new LongAdder());
        }
    }

    /** Takes note of {@code number} repairs of a kind; {@code what} names the object. */
    void add(RepairKind kind, int number, String what) {
        counter(kind).add(number);
        LOG.info("somebody else changed it, put right kind={} what={}", kind.label(), what);
        changes.add(Change.Kind.REPAIR, "put right: %s %s".formatted(kind.label(), what));
    }

    void add(RepairKind kind, String what) {
        add(kind, 1, what);
    }

    /** How many so far. */
    public long count(RepairKind kind) {
        return counter(kind).sum();
    }

    private LongAdder counter(RepairKind kind) {
        LongAdder counter = counts.get(kind);
        if (counter == null) {
            throw new IllegalStateException("every kind has a counter");
        }
        return counter;
    }
}
