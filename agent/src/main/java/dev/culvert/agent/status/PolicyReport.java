package dev.culvert.agent.status;

/**
 * What becomes of the cluster's NetworkPolicies on this node. Immutable.
 *
 * @param enforced whether any is in force
 * @param watched whether the agent knows which there are
 * @param note the same as a sentence
 */
public record PolicyReport(boolean enforced, boolean watched, String note) {
    /** As it is as long as there is no policy layer. */
    public static final PolicyReport NONE =
            new PolicyReport(
                    false,
                    false,
                    "This version enforces no NetworkPolicy and does not watch them: every pod"
                            + " reaches every pod, whatever policies the cluster has.");
}
