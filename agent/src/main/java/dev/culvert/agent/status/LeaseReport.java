package dev.culvert.agent.status;

import java.util.List;

/**
 * A pod's addresses and where they are. Immutable.
 *
 * @param pod {@code namespace/name}, empty when the runtime did not tell
 * @param addresses what it holds
 * @param container the sandbox's id
 * @param interfaceName the pod's end
 * @param veth the node's end
 * @param state of the node's end: {@code up}, {@code down} or {@code missing}
 */
public record LeaseReport(
        String pod,
        List<String> addresses,
        String container,
        String interfaceName,
        String veth,
        String state) {}
