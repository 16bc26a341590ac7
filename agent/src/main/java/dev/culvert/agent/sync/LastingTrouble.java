package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Conflict;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.Notice;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells an operator of failures that last, since what a node waits for in its first seconds is no
 * news, of their end, and of nodes that claim what this one has. The sync thread's.
 */
final class LastingTrouble {
    private static final long WORTH_TELLING_NANOS = Duration.ofSeconds(10).toNanos();

    private final Consumer<Notice> sink;
    private final LongSupplier nanoTime;
    private @Nullable Notice current;
    private long failingSince;
    private boolean told;
    private boolean toldAny;
    private List<Conflict> conflicts = List.of();

    LastingTrouble(Consumer<Notice> sink, LongSupplier nanoTime) {
        this.sink = sink;
        this.nanoTime = nanoTime;
    }

    /** A round failed, again or for the first time. */
    void failed(Notice notice) {
        if (current == null) {
            failingSince = nanoTime.getAsLong();
        }
        if (!notice.equals(current)) {
            current = notice;
            told = false;
        }
        if (!told && nanoTime.getAsLong() - failingSince >= WORTH_TELLING_NANOS) {
            sink.accept(notice);
            told = true;
            toldAny = true;
        }
    }

    /** A round went through. */
    void succeeded() {
        if (toldAny) {
            sink.accept(new Notice(Notice.Reason.READY, "the pod network of this node is ready"));
        }
        current = null;
        told = false;
        toldAny = false;
    }

    /** The other node's agent says the same of its own failure. */
    void look(ClusterView view) {
        NodeInfo self = view.self();
        for (Conflict each : view.conflicts()) {
            if (self != null && each.keeper().equals(self.name()) && !conflicts.contains(each)) {
                sink.accept(new Notice(reason(each), each.sentence() + ", which keeps it"));
            }
        }
        conflicts = view.conflicts();
    }

    /** What to call it. */
    static Notice.Reason reason(Conflict conflict) {
        return switch (conflict.kind()) {
            case POD_CIDR -> Notice.Reason.POD_CIDR_CONFLICT;
            case ADDRESS -> Notice.Reason.ADDRESS_CONFLICT;
        };
    }
}
