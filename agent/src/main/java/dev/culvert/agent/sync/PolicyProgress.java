package dev.culvert.agent.sync;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How far network policies are in force. The sync thread tells; any thread asks and waits. */
public final class PolicyProgress {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile Reached reached = new Reached(false, false, Set.of(), Set.of(), List.of(), 0);

    /**
     * As of the last round.
     *
     * @param listed whether the policies are known
     * @param complete whether all that they speak of is known too, so that they are in force
     * @param namespaces those that have a policy
     * @param unknownPods pods that are attached here and whose labels are not known
     * @param policies all that there are
     * @param isolatedPods how many pods of this node some policy isolates
     */
    public record Reached(
            boolean listed,
            boolean complete,
            Set<String> namespaces,
            Set<String> unknownPods,
            List<NetworkPolicyInfo> policies,
            int isolatedPods) {

        /** Copies the collections. */
        public Reached {
            namespaces = Set.copyOf(namespaces);
            unknownPods = Set.copyOf(unknownPods);
            policies = List.copyOf(policies);
        }

        /** What is not known of the policies yet, a sentence; empty if they are in force. */
        public String missing() {
            if (complete) {
                return "";
            }
            return listed
                    ? "the pods and namespaces that network policies speak of are not known yet"
                    : "the cluster's network policies are not known yet";
        }

        /** What that means for the node, a sentence; empty if they are in force. */
        public String consequence() {
            return complete
                    ? ""
                    : missing()
                            + ": the rules stay as they are, and no pod is attached that they are about";
        }

        /** Why a pod must not be attached yet, a sentence; empty if it may. */
        String reason(String pod) {
            if (!isPod(pod)) {
                return "";
            }
            if (!listed) {
                return missing();
            }
            if (!namespaces.contains(namespace(pod))) {
                return "";
            }
            if (!complete) {
                return missing();
            }
            return unknownPods.contains(pod)
                    ? "the labels of pod "
                            + pod
                            + ", which network policies need, are not known yet"
                    : "";
        }
    }

    /** As of the last round. */
    public Reached reached() {
        return reached;
    }

    void reached(Reached value) {
        lock.lock();
        try {
            reached = value;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the policies about a pod are in force, whose addresses a round has seen already.
     *
     * @param pod {@code namespace/name}, or anything else for one that is none of Kubernetes'
     * @return empty if they are, else the reason why not
     */
    public String await(String pod, Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            String reason = reached.reason(pod);
            while (!reason.isEmpty() && left > 0) {
                left = changed.awaitNanos(left);
                reason = reached.reason(pod);
            }
            return reason;
        } finally {
            lock.unlock();
        }
    }

    /** Whether this is the name of a pod of Kubernetes. */
    static boolean isPod(String pod) {
        return pod.indexOf('/') > 0;
    }

    /** The namespace of a pod of Kubernetes. */
    static String namespace(String pod) {
        return pod.substring(0, pod.indexOf('/'));
    }
}
