package dev.culvert.agent.sync;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.policy.Direction;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.policy.PolicyRules;
import dev.culvert.agent.policy.PolicyState;
import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.agent.rules.RulePart;
import dev.culvert.agent.rules.RulesNode;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Network policies: takes what the watches tell and which pods are attached here, and has rules
 * made of it. The sync thread's; any thread may ask for {@link #progress}, {@link #verdict} and
 * {@link #policies}.
 *
 * <p>Nothing is said before everything is known that matters, so that what is in the kernel stays
 * as it is: the policies, and, if there is one, all namespaces and pods.
 */
public final class PolicyPart implements RulePart {
    private static final Logger LOG = LogManager.getLogger(PolicyPart.class);

    /** The sync thread changes what other threads ask about. */
    private final ReentrantLock lock = new ReentrantLock();

    private final PolicyState state = new PolicyState();
    private final ConnectionCutter cutter;
    private final Consumer<NetworkPolicyInfo> misunderstood;
    private final PolicyProgress progress = new PolicyProgress();
    private final Map<String, NetworkPolicyInfo> policies = new HashMap<>();

    /** The same as a list, with their namespaces, made when it is asked for after a change. */
    private @Nullable Known known;

    private final Map<String, PolicyPod> pods = new HashMap<>();
    private final Set<String> namespaces = new HashSet<>();

    /** Pods whose object is gone while they are still attached: they stay as isolated as before. */
    private final Set<String> lingering = new HashSet<>();

    private final Map<String, Local> local = new HashMap<>();
    private final Map<String, String> told = new HashMap<>();
    private final LaterEvents later = new LaterEvents();

    /** Whether members of sets may differ for other reasons than those that wait. */
    private boolean peersChanged;

    private boolean more;
    private @Nullable PolicyRules rules;
    private Set<IpFamily> families = Set.of();
    private List<LocalPod> attached = List.of();
    private boolean policiesListed;
    private boolean podsListed;
    private boolean namespacesListed;

    /**
     * @param cutter ends connections that are no longer allowed
     * @param misunderstood is told of policies that cannot be understood, once each, if there are
     *     pods of their namespace here; must not block
     */
    public PolicyPart(ConnectionCutter cutter, Consumer<NetworkPolicyInfo> misunderstood) {
        this.cutter = cutter;
        this.misunderstood = misunderstood;
    }

    /** What is in force; any thread. */
    public PolicyProgress progress() {
        return progress;
    }

    /** How many connections ended since policies forbid them; any thread. */
    public long cutConnections() {
        return cutter.count();
    }

    /**
     * Whether this node lets a new connection through, or null while the policies are not known.
     * Any thread.
     *
     * @param protocol null for one without ports
     */
    public @Nullable PolicyVerdict verdict(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
        lock.lock();
        try {
            return isKnown() ? state.verdict(from, to, protocol, port) : null;
        } finally {
            lock.unlock();
        }
    }

    /** All policies, by name, with those pods of this node that they are about. Any thread. */
    public List<Selected> policies() {
        lock.lock();
        try {
            Map<String, Set<String>> pods = new HashMap<>();
            for (String pod : local.keySet()) {
                for (Direction direction : Direction.values()) {
                    state.policiesFor(pod, direction)
                            .forEach(
                                    each ->
                                            pods.computeIfAbsent(each.key(), _ -> new TreeSet<>())
                                                    .add(pod));
                }
            }
            return policies.values().stream()
                    .sorted(Comparator.comparing(NetworkPolicyInfo::key))
                    .map(each -> Selected.of(each, pods.getOrDefault(each.key(), Set.of())))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** A policy, and the pods attached here that it is about, by name. Immutable. */
    public record Selected(NetworkPolicyInfo policy, List<String> pods) {
        static Selected of(NetworkPolicyInfo policy, Set<String> pods) {
            return new Selected(policy, List.copyOf(pods));
        }
    }

    /** Something changed. */
    public void accept(PolicyEvent event) {
        lock.lock();
        try {
            sort(event);
        } finally {
            lock.unlock();
        }
    }

    /** Pods and namespaces that only are peers come first, as if the rest had come later. */
    private void sort(PolicyEvent event) {
        switch (event) {
            case PolicyEvent.PoliciesListed _,
                    PolicyEvent.PeersListed _,
                    PolicyEvent.NamespacesListed _,
                    PolicyEvent.PeersForgotten _ -> {
                takeLater();
                take(event);
            }
            default -> {
                if (rules == null || !later.keeps(event, local.keySet())) {
                    take(event);
                    peersChanged = true;
                }
            }
        }
    }

    private void takeLater() {
        later.takeAll().forEach(this::take);
    }

    private void take(PolicyEvent event) {
        switch (event) {
            case PolicyEvent.PolicyChanged(NetworkPolicyInfo policy) -> {
                policies.put(policy.key(), policy);
                known = null;
                state.putPolicy(policy);
                cutter.expect();
            }
            case PolicyEvent.PolicyRemoved(String key) -> {
                policies.remove(key);
                known = null;
                told.remove(key);
                state.removePolicy(key);
                cutter.expect();
            }
            case PolicyEvent.PoliciesListed() -> policiesListed = true;
            case PolicyEvent.PeerChanged(PolicyPod pod) -> putPod(pod);
            case PolicyEvent.PeerRemoved(String key) -> removePod(key);
            case PolicyEvent.PeersListed() -> podsListed = true;
            case PolicyEvent.NamespaceChanged(var namespace) -> {
                if (!namespaces.add(namespace.name())) {
                    cutter.expect();
                }
                state.putNamespace(namespace);
            }
            case PolicyEvent.NamespaceRemoved(String name) -> {
                namespaces.remove(name);
                state.removeNamespace(name);
            }
            case PolicyEvent.NamespacesListed() -> namespacesListed = true;
            case PolicyEvent.PeersForgotten() -> forgetPeers();
        }
    }

    private void putPod(PolicyPod pod) {
        PolicyPod before = pods.put(pod.key(), pod);
        lingering.remove(pod.key());
        state.putPod(pod);
        if (before != null
                && (!before.labels().equals(pod.labels()) || !before.ports().equals(pod.ports()))) {
            cutter.expect();
        }
    }

    private void removePod(String key) {
        if (local.containsKey(key) && state.isKnown(key)) {
            lingering.add(key);
            return;
        }
        pods.remove(key);
        state.removePod(key);
    }

    private void forgetPeers() {
        pods.keySet().forEach(state::removePod);
        pods.clear();
        lingering.clear();
        namespaces.forEach(state::removeNamespace);
        namespaces.clear();
        podsListed = false;
        namespacesListed = false;
    }

    @Override
    public boolean isKnown() {
        return policiesListed && (policies.isEmpty() || (podsListed && namespacesListed));
    }

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        lock.lock();
        try {
            renderLocked(node, filter);
        } finally {
            lock.unlock();
        }
    }

    private void renderLocked(RulesNode node, PacketFilter filter) {
        List<LocalPod> now = node.pods();
        more = rules != null && peersChanged && !(later.isEmpty() && now.equals(attached));
        peersChanged = false;
        if (!more) {
            takeLater();
            follow(now);
        }
        if (!isKnown()) {
            return;
        }
        PolicyRules current = rules;
        if (current == null || !families.equals(node.families())) {
            families = node.families();
            state.retell();
            current = new PolicyRules(state, families);
            rules = current;
        }
        current.render(filter);
    }

    @Override
    public boolean hasMore() {
        return more;
    }

    private void follow(List<LocalPod> now) {
        if (now.equals(attached)) {
            return;
        }
        attached = now;
        Map<String, Local> wanted = new LinkedHashMap<>();
        for (LocalPod each : now) {
            AddressLease lease = each.lease();
            if (PolicyProgress.isPod(lease.pod())) {
                wanted.merge(lease.pod(), new Local(each.uid(), lease.addresses()), Local::and);
            }
        }
        Set.copyOf(local.keySet()).stream()
                .filter(key -> !wanted.containsKey(key))
                .forEach(this::detached);
        wanted.forEach(this::attached);
    }

    /**
     * A pod that is attached here, maybe more than once.
     *
     * @param uid empty if it is not known, or if there are two of this name
     */
    private record Local(String uid, List<InetAddress> addresses) {
        Local and(Local other) {
            List<InetAddress> both = new ArrayList<>(addresses);
            both.addAll(other.addresses);
            return new Local(uid.equals(other.uid) ? uid : "", both);
        }
    }

    private void attached(String key, Local now) {
        if (!now.equals(local.put(key, now))) {
            String namespace = PolicyProgress.namespace(key);
            state.putLocal(
                    namespace,
                    key.substring(namespace.length() + 1),
                    PolicyPod.digest(now.uid()),
                    now.addresses());
        }
    }

    private void detached(String key) {
        local.remove(key);
        state.removeLocal(key);
        if (lingering.remove(key)) {
            removePod(key);
        }
    }

    /** The rules are in force now. */
    @Override
    public void applied(RulesNode node) {
        PolicyRules current = rules;
        tellMisunderstood();
        Known now = known();
        progress.reached(
                new PolicyProgress.Reached(
                        policiesListed,
                        isKnown(),
                        now.namespaces(),
                        unknownPods(),
                        now.policies(),
                        current == null ? 0 : current.isolatedPods()));
        if (isKnown() && !policies.isEmpty()) {
            cutter.cut(state, addresses(), families);
        }
    }

    private Set<InetAddress> addresses() {
        Set<InetAddress> addresses = new HashSet<>();
        local.values().forEach(each -> addresses.addAll(each.addresses()));
        return addresses;
    }

    private Known known() {
        Known now = known;
        if (now == null) {
            now = Known.of(policies.values());
            known = now;
        }
        return now;
    }

    /** What waiting ADDs ask about; rounds are many, and policies change seldom. Immutable. */
    private record Known(List<NetworkPolicyInfo> policies, Set<String> namespaces) {
        static Known of(Collection<NetworkPolicyInfo> policies) {
            Set<String> namespaces = new HashSet<>();
            policies.forEach(policy -> namespaces.add(policy.namespace()));
            return new Known(List.copyOf(policies), Set.copyOf(namespaces));
        }
    }

    private Set<String> unknownPods() {
        Set<String> unknown = new HashSet<>(local.keySet());
        unknown.removeIf(state::isKnown);
        return unknown;
    }

    private void tellMisunderstood() {
        for (NetworkPolicyInfo policy : policies.values()) {
            if (policy.isUnderstood() || !hasPodsHere(policy.namespace())) {
                continue;
            }
            String version = policy.uid() + " " + policy.problem();
            if (!version.equals(told.put(policy.key(), version))) {
                LOG.warn(
                        "the NetworkPolicy {} cannot be understood, the pods that it is about are"
                                + " isolated: {}",
                        policy.key(),
                        policy.problem());
                misunderstood.accept(policy);
            }
        }
    }

    private boolean hasPodsHere(String namespace) {
        return local.keySet().stream().map(PolicyProgress::namespace).anyMatch(namespace::equals);
    }
}
