package dev.culvert.agent.policy;

import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.IpSets;
import dev.culvert.iptables.SetMember;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The members of one set in all address families, pod by pod, and which of them were not written
 * yet. The sync thread's only.
 */
final class LiveSet {
    private final SetKey key;
    private final String digits;
    private final Set<IpFamily> families;
    private final Map<String, List<SetMember>> byPod = new HashMap<>();

    /** How many pods stand behind a member. */
    private final Map<SetMember, Integer> counts = new HashMap<>();

    /** The namespaces that were chosen by their labels. */
    private final Set<String> namespaces = new HashSet<>();

    /** Members to write, and whether they were there. */
    private final Map<SetMember, Boolean> pending = new LinkedHashMap<>();

    private boolean twin;
    private boolean written;

    LiveSet(SetKey key, Set<IpFamily> families, PolicyState state) {
        this.key = key;
        this.digits = Identities.hash(key.identity());
        this.families = families;
        fill(state);
    }

    private void fill(PolicyState state) {
        if (key instanceof SetKey.Block block) {
            block.fixed().forEach(member -> counts.put(member, 1));
            return;
        }
        String only = key.selection().namespace();
        if (key.local()) {
            state.localKeys().forEach(pod -> updatePod(pod, state));
        } else {
            state.pods(only).forEach(pod -> updatePod(pod.key(), state));
        }
        if (key.selection().dependsOnNamespaces()) {
            state.namespaceNames()
                    .filter(name -> key.selection().includes(name, state))
                    .forEach(namespaces::add);
        }
        pending.clear();
    }

    /** A pod may be other than before. */
    void updatePod(String podKey, PolicyState state) {
        PolicyPod pod = state.pod(podKey);
        List<SetMember> now =
                pod != null
                                && (!key.local() || isLocal(podKey, state))
                                && key.selection().matches(pod, state)
                        ? key.members(pod, state.addresses(pod)).distinct().toList()
                        : List.of();
        List<SetMember> before = now.isEmpty() ? byPod.remove(podKey) : byPod.put(podKey, now);
        if (!now.equals(before == null ? List.of() : before)) {
            now.forEach(member -> count(member, 1));
            (before == null ? List.<SetMember>of() : before).forEach(member -> count(member, -1));
        }
    }

    private static boolean isLocal(String podKey, PolicyState state) {
        return state.local(podKey) != null && state.isKnown(podKey);
    }

    /** The labels of a namespace may be other than before. */
    void updateNamespace(String name, PolicyState state) {
        if (key.selection().dependsOnNamespaces()) {
            boolean now = key.selection().includes(name, state);
            if (now ? namespaces.add(name) : namespaces.remove(name)) {
                state.pods(name).forEach(pod -> updatePod(pod.key(), state));
            }
        }
    }

    private void count(SetMember member, int change) {
        if (!families.contains(member.network().family())) {
            return;
        }
        boolean before = counts.containsKey(member);
        counts.merge(member, change, LiveSet::sumOrNull);
        boolean now = counts.containsKey(member);
        if (before != now && Boolean.valueOf(now).equals(pending.putIfAbsent(member, before))) {
            pending.remove(member);
        }
    }

    @SuppressWarnings("NullAway") // Null is how Map.merge is told to remove.
    private static Integer sumOrNull(int one, int other) {
        return one + other == 0 ? null : one + other;
    }

    SetKey key() {
        return key;
    }

    /** The name in the kernel; there are two, so that a new set can take an old one's place. */
    String name(IpFamily family) {
        return "CULVERT-%c%d-%s%s"
                .formatted(key.letter(), family == IpFamily.IPV4 ? 4 : 6, digits, twin ? "b" : "");
    }

    /** Whether the kernel has it, with other members. */
    boolean isChanged() {
        return written && !pending.isEmpty();
    }

    /** How many members differ from those in the kernel. */
    int changes() {
        return pending.size();
    }

    /** Whose membership differs from that in the kernel. */
    Set<InetAddress> changedAddresses() {
        return pending.keySet().stream()
                .map(member -> member.network().network())
                .collect(Collectors.toSet());
    }

    /** It shall take its own place, so that its change comes with that of the rules. */
    void flip(IpSets sets) {
        remove(sets);
        twin = !twin;
    }

    void remove(IpSets sets) {
        if (written) {
            families.forEach(family -> sets.removeIpSet(name(family)));
        }
        written = false;
    }

    /** Tells the driver what differs. */
    void write(IpSets sets) {
        if (written) {
            pending.forEach(
                    (member, before) -> {
                        String name = name(member.network().family());
                        if (before) {
                            sets.remove(name, member);
                        } else {
                            sets.add(name, member);
                        }
                    });
        } else {
            families.forEach(family -> sets.setIpSet(set(family)));
        }
        written = true;
        pending.clear();
    }

    private IpSet set(IpFamily family) {
        Set<SetMember> members =
                counts.keySet().stream()
                        .filter(member -> member.network().family() == family)
                        .collect(Collectors.toSet());
        return new IpSet(name(family), key.type(), family, members);
    }

    /** The driver is another one, which knows nothing. */
    void forget() {
        written = false;
    }
}
