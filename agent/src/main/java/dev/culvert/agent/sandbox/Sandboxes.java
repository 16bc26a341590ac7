package dev.culvert.agent.sandbox;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;

/** The way into network namespaces: the seam that tests fake. Any thread. */
public interface Sandboxes {

    /** What to do in a namespace. */
    interface Work<T> {
        /** Does it. */
        T run(Sandbox sandbox) throws IOException;
    }

    /** Runs {@code work} inside {@code namespace} and waits for it. */
    <T> T call(NetworkNamespace namespace, Work<T> work) throws IOException;

    /** Whether this is the namespace that the agent itself is in. */
    boolean isNode(NetworkNamespace namespace) throws IOException;
}
