package dev.culvert.agent.policy;

/**
 * What we use of a NetworkPolicy object. Immutable, any thread.
 *
 * @param namespace its namespace
 * @param name its name
 * @param uid another one for each policy of the same name
 * @param spec what it asks for; if there is a problem, what is in force instead: the pods that it
 *     is about are isolated
 * @param problem a sentence why it cannot be understood, with the field's path; empty if it can
 */
public record NetworkPolicyInfo(
        String namespace, String name, String uid, PolicySpec spec, String problem) {

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }

    /** Whether it is in force as it was written. */
    public boolean isUnderstood() {
        return problem.isEmpty();
    }
}
