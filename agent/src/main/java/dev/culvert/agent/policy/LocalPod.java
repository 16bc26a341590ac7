package dev.culvert.agent.policy;

import java.net.InetAddress;
import java.util.List;

/**
 * A pod that is attached on this node. Immutable, any thread.
 *
 * @param uid its {@link PolicyPod#digest}, 0 if not known
 */
record LocalPod(String namespace, String name, long uid, List<InetAddress> addresses) {
    /** Whether an object of its name may be about it, and not about one before or after it. */
    boolean isSameAs(PolicyPod pod) {
        return uid == 0 || pod.uid() == 0 || uid == pod.uid();
    }

    String key() {
        return namespace + "/" + name;
    }
}
