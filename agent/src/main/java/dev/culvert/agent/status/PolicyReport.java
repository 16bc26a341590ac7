package dev.culvert.agent.status;

/**
 * What becomes of the cluster's NetworkPolicies on this node. Immutable.
 *
 * @param enforced whether all that they speak of is known, so that they are in force
 * @param watched whether the agent knows which there are
 * @param note the same as a sentence
 */
public record PolicyReport(boolean enforced, boolean watched, String note) {}
