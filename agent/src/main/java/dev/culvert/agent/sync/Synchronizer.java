package dev.culvert.agent.sync;

import dev.culvert.agent.state.ClusterView;
import java.io.IOException;

/**
 * Makes one part of the kernel or of the data path as it should be. The sync thread's only.
 *
 * <p>{@link #setDesired} is cheap and in memory. {@link #apply} reads what is, repairs the
 * difference, and is cheap when nothing changed; when it fails it stays dirty and is called again.
 */
interface Synchronizer extends AutoCloseable {

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

    @Override
    default void close() {}
}
