package dev.culvert.agent.policy;

/** Which way the traffic goes that a policy is about, seen from the pod. Any thread. */
public enum Direction {
    /** To the pod. */
    INGRESS,
    /** From the pod. */
    EGRESS
}
