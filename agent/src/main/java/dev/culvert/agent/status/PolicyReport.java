package dev.culvert.agent.status;

import java.util.List;

/**
 * What becomes of the cluster's NetworkPolicies on this node. Immutable.
 *
 * @param enforced whether all that they speak of is known, so that they are in force
 * @param watched whether the agent knows which there are
 * @param note the same as a sentence
 * @param isolated how many pods of this node some policy isolates
 * @param policies all of them, by name
 */
public record PolicyReport(
        boolean enforced, boolean watched, String note, int isolated, List<Policy> policies) {

    /** Copies the list. */
    public PolicyReport {
        policies = List.copyOf(policies);
    }

    /**
     * A NetworkPolicy.
     *
     * @param name {@code namespace/name}
     * @param directions {@code ingress}, {@code egress} or both
     * @param pods the pods of this node that it is about, {@code namespace/name}
     * @param problem why it cannot be understood, so that it isolates them; empty if it can
     */
    public record Policy(String name, List<String> directions, List<String> pods, String problem) {

        /** Copies the lists. */
        public Policy {
            directions = List.copyOf(directions);
            pods = List.copyOf(pods);
        }
    }
}
