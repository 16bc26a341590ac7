package dev.culvert.agent.policy;

import java.util.List;

/**
 * One rule of a policy: what is from or to one of the peers and on one of the ports is allowed.
 * Immutable, any thread.
 *
 * @param peers none stands for everybody
 * @param ports none stands for every protocol and port
 */
public record PolicyRule(List<PolicyPeer> peers, List<PolicyPort> ports) {
    /** Copies the lists. */
    public PolicyRule {
        peers = List.copyOf(peers);
        ports = List.copyOf(ports);
    }
}
