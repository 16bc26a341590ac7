package dev.culvert.bench.policy;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Policies, namespaces and pods of a cluster, and what happens to them: always the same, in the
 * same order. Namespaces have 20 policies and ten applications each. One thread.
 */
final class PolicyWorld {
    static final Cidr OWN_RANGE = Cidr.parse("10.64.0.0/24");
    private static final Cidr POD_RANGE = Cidr.parse("10.64.0.0/10");
    private static final int POLICIES_PER_NAMESPACE = 20;
    private static final int APPLICATIONS = 10;
    private static final int FIRST_REMOTE = 256;

    private final int namespaces;
    private final int ownPods;
    private final Random random = new Random(6);
    private final List<PolicyPod> pods = new ArrayList<>();
    private final List<NetworkPolicyInfo> policies = new ArrayList<>();
    private final Map<Integer, Integer> namespaceVersions = new HashMap<>();
    private int nextName;
    private int nextAddress = FIRST_REMOTE;

    PolicyWorld(int policyCount, int podCount, int ownPods) {
        this.ownPods = ownPods;
        this.namespaces = Math.max(1, policyCount / POLICIES_PER_NAMESPACE);
        for (int i = 0; i < podCount; i++) {
            boolean own = i < ownPods;
            InetAddress address = own ? OWN_RANGE.address(2L + i) : nextAddress();
            pods.add(pod(i % namespaces, i / namespaces, address));
        }
        for (int i = 0; i < policyCount; i++) {
            policies.add(
                    TeamPolicies.policy(namespace(i % namespaces), i % namespaces, i / namespaces));
        }
    }

    private InetAddress nextAddress() {
        return POD_RANGE.address(nextAddress++);
    }

    private static String namespace(int number) {
        return "team-%03d".formatted(number);
    }

    /** Labels as a Deployment gives them; each pod has its own texts, as if they were just read. */
    private PolicyPod pod(int namespace, int application, InetAddress address) {
        String app = TeamPolicies.application(application % APPLICATIONS);
        Map<String, String> labels = new HashMap<>();
        labels.put(text("app"), text(app));
        labels.put(text("role"), text(application % 2 == 0 ? "client" : "server"));
        labels.put(text("version"), "v" + application % 3);
        labels.put(text("pod-template-hash"), "%010x".formatted(app.hashCode()));
        int number = nextName++;
        return new PolicyPod(
                namespace(namespace),
                "%s-%08x".formatted(app, number),
                number + 1L,
                labels,
                List.of(address),
                List.of(new PolicyPod.NamedPort(text("http"), Protocol.TCP, 8080 + number % 3)),
                false,
                false);
    }

    private static String text(String letters) {
        return new String(letters.toCharArray());
    }

    private PolicyNamespace namespaceObject(int number) {
        int version = namespaceVersions.getOrDefault(number, 0);
        return new PolicyNamespace(
                namespace(number),
                Map.of("team", "t" + number % 10, "stage", version % 2 == 0 ? "prod" : "test"));
    }

    /** All that there is at first, as the watches tell it. */
    List<ClusterEvent> listed() {
        List<ClusterEvent> events = new ArrayList<>();
        policies.forEach(each -> events.add(new PolicyEvent.PolicyChanged(each)));
        for (int i = 0; i < namespaces; i++) {
            events.add(new PolicyEvent.NamespaceChanged(namespaceObject(i)));
        }
        pods.forEach(each -> events.add(new PolicyEvent.PeerChanged(each)));
        events.add(new PolicyEvent.PoliciesListed());
        events.add(new PolicyEvent.NamespacesListed());
        events.add(new PolicyEvent.PeersListed());
        events.add(new ClusterEvent.NodesListed());
        return events;
    }

    /** The pods that are attached on the node. */
    List<LocalPod> attached() {
        List<LocalPod> attached = new ArrayList<>();
        for (int i = 0; i < Math.min(ownPods, pods.size()); i++) {
            PolicyPod pod = pods.get(i);
            Endpoint endpoint = new Endpoint("sandbox-" + i, "eth0");
            AddressLease lease = new AddressLease(endpoint, pod.addresses(), pod.key());
            attached.add(new LocalPod(lease, null));
        }
        return attached;
    }

    /** The next change of this kind. */
    Change change(ChangeKind kind) {
        return switch (kind) {
            case REMOTE_RELABELLED -> relabel(kind, remote());
            case REMOTE_REPLACED -> replace(remote());
            case LOCAL_RELABELLED -> relabel(kind, random.nextInt(ownPods));
            case NAMESPACE_RELABELLED -> relabelNamespace(random.nextInt(namespaces));
            case POLICY_CHANGED -> changePolicy(random.nextInt(policies.size()));
        };
    }

    private int remote() {
        return ownPods + random.nextInt(pods.size() - ownPods);
    }

    private Change relabel(ChangeKind kind, int index) {
        PolicyPod pod = pods.get(index);
        Map<String, String> labels = new HashMap<>(pod.labels());
        int application = random.nextInt(APPLICATIONS);
        labels.put("app", text(TeamPolicies.application(application)));
        labels.put("role", text(application % 2 == 0 ? "client" : "server"));
        PolicyPod changed =
                new PolicyPod(
                        pod.namespace(),
                        pod.name(),
                        pod.uid(),
                        labels,
                        pod.addresses(),
                        pod.ports(),
                        false,
                        false);
        pods.set(index, changed);
        return new Change(kind, List.of(new PolicyEvent.PeerChanged(changed)));
    }

    private Change replace(int index) {
        PolicyPod gone = pods.get(index);
        PolicyPod come = pod(index % namespaces, index / namespaces, nextAddress());
        pods.set(index, come);
        return new Change(
                ChangeKind.REMOTE_REPLACED,
                List.of(
                        new PolicyEvent.PeerRemoved(gone.key()),
                        new PolicyEvent.PeerChanged(come)));
    }

    private Change relabelNamespace(int number) {
        namespaceVersions.merge(number, 1, Integer::sum);
        return new Change(
                ChangeKind.NAMESPACE_RELABELLED,
                List.of(new PolicyEvent.NamespaceChanged(namespaceObject(number))));
    }

    private Change changePolicy(int index) {
        NetworkPolicyInfo changed = TeamPolicies.changed(policies.get(index), random.nextInt(100));
        policies.set(index, changed);
        return new Change(
                ChangeKind.POLICY_CHANGED, List.of(new PolicyEvent.PolicyChanged(changed)));
    }
}
