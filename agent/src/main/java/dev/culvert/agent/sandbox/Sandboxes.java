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

    /**
     * Runs {@code work} inside the namespace that the other end of a veth pair is in, and waits for
     * it.
     *
     * @param hostVeth the name of the end on the node
     */
    <T> T callPeerOf(String hostVeth, Work<T> work) throws IOException;

    /** Whether this is the namespace that the agent itself is in. */
    boolean isNode(NetworkNamespace namespace) throws IOException;
}
