package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Notice;
import java.io.IOException;

/**
 * Makes one part of the kernel or of the data path as it should be. The sync thread's only.
 *
 * <p>{@link #setDesired} is cheap and in memory. {@link #apply} reads what is, repairs the
 * difference, and is cheap when nothing changed; when it fails it stays dirty and is called again.
 */
public interface Synchronizer extends AutoCloseable {

    /** The name of the readiness condition, one or two words. */
    String name();

    /** What should be. */
    void setDesired(ClusterView view);

    /** Forget what was read: the next {@link #apply} looks again. */
    void queueResync();

    /**
     * Does it.
     *
     * @throws IOException with a sentence for people
     */
    void apply() throws IOException;

    /**
     * Whether other nodes matter to it. Else it need not be applied when only these changed: in a
     * large cluster that happens many times a second, and reading the kernel takes its time.
     */
    default boolean dependsOnOtherNodes() {
        return false;
    }

    /** What an operator is told when {@link #apply} fails for a reason of the kernel's. */
    default Notice.Reason failureReason() {
        return Notice.Reason.NOT_READY;
    }

    @Override
    default void close() {}
}
