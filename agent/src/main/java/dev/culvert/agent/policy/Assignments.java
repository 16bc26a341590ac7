package dev.culvert.agent.policy;

import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which local pods are isolated in which direction, and by which policies. The sync thread's only.
 */
final class Assignments {
    private final PolicyState state;

    /** The local pods that are isolated, by key, in order so that all runs decide alike. */
    private final Map<String, Assigned> groups = new TreeMap<>();

    /** The sets that a group's chains ask for. */
    private final Map<Group, Set<SetKey>> sets = new HashMap<>();

    private Set<Group> all = Set.of();

    /** A pod with one group for each direction in which it is isolated. */
    private record Assigned(LocalPod pod, Set<Group> groups) {}

    Assignments(PolicyState state) {
        this.state = state;
    }

    /**
     * Looks again at the pods that a change may be about.
     *
     * @return whether any chain may be other than before
     */
    boolean update(Changes changes) {
        Set<String> pods = new HashSet<>();
        changes.pods().stream().filter(this::concerns).forEach(pods::add);
        new HashSet<>(changes.policies().values())
                .forEach(namespace -> state.localIn(namespace).forEach(p -> pods.add(p.key())));
        boolean changed = false;
        for (String pod : pods) {
            changed |= updatePod(pod);
        }
        if (changed) {
            all = new LinkedHashSet<>();
            groups.values().forEach(assigned -> all.addAll(assigned.groups()));
            sets.keySet().retainAll(all);
            all.forEach(group -> sets.computeIfAbsent(group, GroupRules::sets));
        }
        return changed;
    }

    private boolean concerns(String podKey) {
        return groups.containsKey(podKey) || state.local(podKey) != null;
    }

    private boolean updatePod(String key) {
        LocalPod pod = state.local(key);
        Set<Group> now = pod == null ? Set.of() : groupsOf(pod);
        if (pod == null || now.isEmpty()) {
            return groups.remove(key) != null;
        }
        Assigned assigned = new Assigned(pod, now);
        return !assigned.equals(groups.put(key, assigned));
    }

    private Set<Group> groupsOf(LocalPod pod) {
        Set<Group> now = new LinkedHashSet<>();
        boolean closed = !state.isKnown(pod.key()) && state.hasPolicies(pod.namespace());
        for (Direction direction : Direction.values()) {
            List<NetworkPolicyInfo> policies = state.policiesFor(pod.key(), direction);
            if (closed || !policies.isEmpty()) {
                now.add(new Group(direction, policies));
            }
        }
        return now;
    }

    /** All groups that have pods. */
    Set<Group> groups() {
        return all;
    }

    /** The sets that all chains ask for. */
    Set<SetKey> sets() {
        Set<SetKey> keys = new LinkedHashSet<>();
        sets.values().forEach(keys::addAll);
        return keys;
    }

    /** The sets that the chain of a group asks for. */
    Set<SetKey> sets(Group group) {
        return sets.getOrDefault(group, Set.of());
    }

    /** The chain for each isolated address. */
    Map<InetAddress, String> targets(Direction direction, IpFamily family) {
        Map<InetAddress, String> targets = new HashMap<>();
        for (Assigned assigned : groups.values()) {
            for (Group group : assigned.groups()) {
                if (group.direction() == direction) {
                    assigned.pod().addresses().stream()
                            .filter(address -> IpFamily.of(address) == family)
                            .forEach(address -> targets.put(address, group.chainName()));
                }
            }
        }
        return targets;
    }

    int isolatedPods() {
        return groups.size();
    }
}
