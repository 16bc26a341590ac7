package dev.culvert.demo;

import java.nio.file.Path;
import java.time.Duration;

/** How the agents are run: from the jar that was built, or from an image. The main thread only. */
interface AgentProgram {
    /**
     * Starts {@code culvert agent} on a node.
     *
     * @param config the content of the ConfigMap's culvert.yaml
     * @param log the file for what it prints
     */
    LoggedProcess start(NodeHolder node, String config, ApiAccess api, Path log)
            throws DemoException;

    /** Another command of {@code culvert} beside the agent of a node. */
    Command command(NodeHolder node, String... words);

    /** Stops it as the kubelet does and returns its exit status, or -1 if it does not end. */
    int stop(NodeHolder node, LoggedProcess process, Duration limit)
            throws DemoException, InterruptedException;

    /** Where a node's container runtime finds the CNI executable. */
    Path cniExecutable(NodeHolder node);
}
