package dev.culvert.agent.policy;

import dev.culvert.iptables.Protocol;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is known of policies, of the pods and namespaces that they speak of, and of the pods that
 * are attached on this node. The sync thread's only.
 *
 * <p>{@link PolicyRules} makes rules of it, and is told which parts changed since it last asked, so
 * that one pod's change costs no more than the sets it is in. There is one {@link PolicyRules} for
 * a state.
 */
public final class PolicyState {
    private final Map<String, NetworkPolicyInfo> policies = new HashMap<>();
    private final Map<String, Map<String, NetworkPolicyInfo>> policiesByNamespace = new HashMap<>();
    private final Map<String, PolicyPod> pods = new HashMap<>();
    private final Map<String, Map<String, PolicyPod>> podsByNamespace = new HashMap<>();
    private final Map<String, PolicyNamespace> namespaces = new HashMap<>();
    private final Map<String, LocalPod> local = new TreeMap<>();
    private final AddressIndex index = new AddressIndex();
    private Changes changes = new Changes();

    /** A policy is there, new or changed. */
    public void putPolicy(NetworkPolicyInfo policy) {
        NetworkPolicyInfo before = policies.put(policy.key(), policy);
        of(policiesByNamespace, policy.namespace()).put(policy.key(), policy);
        if (before == null || !before.spec().equals(policy.spec())) {
            changes.policies().put(policy.key(), policy.namespace());
        }
    }

    /** A policy is gone. */
    public void removePolicy(String key) {
        NetworkPolicyInfo gone = policies.remove(key);
        if (gone != null) {
            remove(policiesByNamespace, gone.namespace(), key);
            changes.policies().put(key, gone.namespace());
        }
    }

    /** A pod is there, new or changed, on whatever node. */
    public void putPod(PolicyPod pod) {
        if (!pod.equals(pods.put(pod.key(), pod))) {
            of(podsByNamespace, pod.namespace()).put(pod.key(), pod);
            noteChange(pod.key());
        }
    }

    /** A pod's object is gone. */
    public void removePod(String key) {
        PolicyPod gone = pods.remove(key);
        if (gone != null) {
            remove(podsByNamespace, gone.namespace(), key);
            noteChange(key);
        }
    }

    /** A namespace is there, new or changed. */
    public void putNamespace(PolicyNamespace namespace) {
        if (!namespace.equals(namespaces.put(namespace.name(), namespace))) {
            changes.namespaces().add(namespace.name());
        }
    }

    /** A namespace is gone. */
    public void removeNamespace(String name) {
        if (namespaces.remove(name) != null) {
            changes.namespaces().add(name);
        }
    }

    /**
     * A pod is attached on this node with these addresses, which count more than those its object
     * has.
     */
    public void putLocal(String namespace, String name, List<InetAddress> addresses) {
        putLocal(namespace, name, 0, addresses);
    }

    /**
     * As {@link #putLocal(String, String, List)}; an object that has another uid is about another
     * pod of this name, before or after it.
     *
     * @param uid its {@link PolicyPod#digest}, 0 if not known
     */
    public void putLocal(String namespace, String name, long uid, List<InetAddress> addresses) {
        LocalPod pod = new LocalPod(namespace, name, uid, List.copyOf(addresses));
        if (!pod.equals(local.put(pod.key(), pod))) {
            noteChange(pod.key());
        }
    }

    /** A pod is attached on this node no more. */
    public void removeLocal(String key) {
        if (local.remove(key) != null) {
            noteChange(key);
        }
    }

    private void noteChange(String podKey) {
        changes.pods().add(podKey);
        LocalPod attached = local.get(podKey);
        PolicyPod pod = pods.get(podKey);
        List<InetAddress> addresses = new ArrayList<>();
        if (attached != null) {
            addresses.addAll(attached.addresses());
        }
        if (pod != null && pod.isPeer() && (attached == null || !isKnown(podKey))) {
            addresses.addAll(pod.addresses());
        }
        index.put(podKey, addresses);
    }

    /** The keys of the pods attached on this node. */
    public List<String> localKeys() {
        return List.copyOf(local.keySet());
    }

    /** The addresses of the pods attached on this node. */
    Set<InetAddress> localAddresses() {
        return local.values().stream()
                .flatMap(pod -> pod.addresses().stream())
                .collect(Collectors.toSet());
    }

    /** Whether the labels of that pod are known; until then it is isolated if policies might be. */
    public boolean isKnown(String podKey) {
        PolicyPod pod = pods.get(podKey);
        LocalPod attached = local.get(podKey);
        return pod != null && (attached == null || attached.isSameAs(pod));
    }

    /** All policies, in no order. */
    public Collection<NetworkPolicyInfo> policies() {
        return List.copyOf(policies.values());
    }

    /** The policies that are about a pod in this direction, by key; none if it is not known. */
    public List<NetworkPolicyInfo> policiesFor(String podKey, Direction direction) {
        PolicyPod pod = pods.get(podKey);
        if (pod == null || pod.hostNetwork() || !isKnown(podKey)) {
            return List.of();
        }
        return policiesByNamespace.getOrDefault(pod.namespace(), Map.of()).values().stream()
                .filter(policy -> policy.spec().directions().contains(direction))
                .filter(policy -> policy.spec().pods().matches(pod.labels()))
                .toList();
    }

    /**
     * Whether this node lets a new connection through, and why.
     *
     * @param protocol null for one without ports, such as ICMP
     * @param port that it goes to, after a Service's address was translated
     */
    public PolicyVerdict verdict(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
        return new Verdicts(this).verdict(from, to, protocol, port);
    }

    @Nullable PolicyPod pod(String key) {
        return pods.get(key);
    }

    @Nullable PolicyNamespace namespace(String name) {
        return namespaces.get(name);
    }

    Stream<LocalPod> localIn(String namespace) {
        return local.values().stream().filter(pod -> pod.namespace().equals(namespace));
    }

    @Nullable LocalPod local(String key) {
        return local.get(key);
    }

    /** The keys of the pods that have this address, finished ones only if they are attached. */
    Set<String> keysAt(InetAddress address) {
        return index.keysAt(address);
    }

    Stream<String> namespaceNames() {
        return namespaces.keySet().stream();
    }

    /** Whether some policy may be about pods of this namespace. */
    boolean hasPolicies(String namespace) {
        return policiesByNamespace.containsKey(namespace);
    }

    /** The pods of these namespaces, or of all. */
    Collection<PolicyPod> pods(@Nullable String namespace) {
        return namespace == null
                ? pods.values()
                : podsByNamespace.getOrDefault(namespace, Map.of()).values();
    }

    /** Where a pod is: as attached here, or as its object says. */
    List<InetAddress> addresses(PolicyPod pod) {
        LocalPod attached = local.get(pod.key());
        return attached != null && attached.isSameAs(pod) ? attached.addresses() : pod.addresses();
    }

    /** Another {@link PolicyRules} takes the place of the first: it is told of everything. */
    public void retell() {
        policies.forEach((key, policy) -> changes.policies().put(key, policy.namespace()));
        changes.pods().addAll(pods.keySet());
        changes.pods().addAll(local.keySet());
        changes.namespaces().addAll(namespaces.keySet());
    }

    /** What changed since this was last called. */
    Changes takeChanges() {
        Changes taken = changes;
        changes = new Changes();
        return taken;
    }

    private static <V> Map<String, V> of(Map<String, Map<String, V>> index, String namespace) {
        return index.computeIfAbsent(namespace, _ -> new TreeMap<>());
    }

    private static <V> void remove(
            Map<String, Map<String, V>> index, String namespace, String key) {
        Map<String, V> entries = of(index, namespace);
        entries.remove(key);
        if (entries.isEmpty()) {
            index.remove(namespace);
        }
    }
}
