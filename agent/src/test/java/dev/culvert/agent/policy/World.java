package dev.culvert.agent.policy;

import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/** A small cluster as a test sees it, with policies as the API gives them. One thread. */
final class World {
    final Map<String, Map<String, String>> namespaces = new TreeMap<>();
    final Map<String, Pod> pods = new TreeMap<>();
    final Map<String, Policy> policies = new TreeMap<>();

    /** The pods attached here, with their addresses. */
    final Map<String, List<String>> local = new TreeMap<>();

    /** A pod. */
    record Pod(
            String namespace,
            String name,
            Map<String, String> labels,
            List<String> addresses,
            List<PolicyPod.NamedPort> ports,
            String kind) {
        static final String HOST = "host";
        static final String FINISHED = "finished";

        String key() {
            return namespace + "/" + name;
        }
    }

    /** A policy; a broken one is no valid object. */
    record Policy(String namespace, String name, JsonNode json, boolean broken) {
        String key() {
            return namespace + "/" + name;
        }
    }

    /** A first packet of a connection. */
    record Packet(String from, String to, String protocol, int port) {
        boolean isIpv6() {
            return to.contains(":");
        }
    }

    World copy() {
        World copy = new World();
        copy.namespaces.putAll(namespaces);
        copy.pods.putAll(pods);
        copy.policies.putAll(policies);
        copy.local.putAll(local);
        return copy;
    }

    /** Tells a state all of this, and that what it does not have is gone. */
    void tell(PolicyState state, World before) {
        before.policies.keySet().stream()
                .filter(key -> !policies.containsKey(key))
                .forEach(state::removePolicy);
        before.pods.keySet().stream()
                .filter(key -> !pods.containsKey(key))
                .forEach(state::removePod);
        before.local.keySet().stream()
                .filter(key -> !local.containsKey(key))
                .forEach(state::removeLocal);
        before.namespaces.keySet().stream()
                .filter(key -> !namespaces.containsKey(key))
                .forEach(state::removeNamespace);
        namespaces.forEach((name, labels) -> state.putNamespace(new PolicyNamespace(name, labels)));
        pods.values().forEach(pod -> state.putPod(policyPod(pod)));
        policies.values().forEach(policy -> state.putPolicy(PolicyParser.parse(policy.json())));
        local.forEach(
                (key, addresses) -> {
                    String[] names = key.split("/", 2);
                    state.putLocal(names[0], names[1], parsed(addresses));
                });
    }

    static PolicyPod policyPod(Pod pod) {
        return new PolicyPod(
                pod.namespace(),
                pod.name(),
                0,
                pod.labels(),
                parsed(pod.addresses()),
                pod.ports(),
                pod.kind().equals(Pod.HOST),
                pod.kind().equals(Pod.FINISHED));
    }

    static List<InetAddress> parsed(List<String> addresses) {
        List<InetAddress> parsed = new ArrayList<>();
        addresses.forEach(each -> parsed.add(IpAddresses.parse(each)));
        return parsed;
    }

    static PolicyPod.NamedPort port(String name, Protocol protocol, int number) {
        return new PolicyPod.NamedPort(name, protocol, number);
    }

    @Override
    public String toString() {
        return "namespaces "
                + namespaces
                + "\npods "
                + pods.values()
                + "\nlocal "
                + local
                + "\npolicies "
                + policies.values();
    }
}
