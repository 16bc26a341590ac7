package dev.culvert.bench.policy;

/** What happens in a cluster. */
enum ChangeKind {
    /** A pod of another node gets other labels. */
    REMOTE_RELABELLED("remoteRelabelled"),
    /** A pod of another node goes, and another one comes in its place. */
    REMOTE_REPLACED("remoteReplaced"),
    /** A pod of this node gets other labels, so that other policies are about it. */
    LOCAL_RELABELLED("localRelabelled"),
    /** A namespace gets other labels, so that other policies let its pods through. */
    NAMESPACE_RELABELLED("namespaceRelabelled"),
    /** A policy lets others through than before. */
    POLICY_CHANGED("policyChanged");

    private final String label;

    ChangeKind(String label) {
        this.label = label;
    }

    /** As metrics call it. */
    String label() {
        return label;
    }
}
