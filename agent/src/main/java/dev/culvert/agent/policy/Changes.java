package dev.culvert.agent.policy;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What of a {@link PolicyState} may be other than before. The sync thread's only.
 *
 * @param policies keys, with the namespace of each
 * @param pods keys
 * @param namespaces names
 */
record Changes(Map<String, String> policies, Set<String> pods, Set<String> namespaces) {
    Changes() {
        this(new HashMap<>(), new HashSet<>(), new HashSet<>());
    }

    boolean isEmpty() {
        return policies.isEmpty() && pods.isEmpty() && namespaces.isEmpty();
    }
}
