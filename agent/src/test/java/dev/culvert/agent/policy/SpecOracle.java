package dev.culvert.agent.policy;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.agent.policy.World.Pod;
import dev.culvert.agent.policy.World.Policy;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The specification of NetworkPolicy, read sentence by sentence and applied to one packet at a
 * time. Works on the objects as the API gives them and shares nothing with what it is compared
 * with. Immutable.
 */
final class SpecOracle {
    /** Reading an address takes longer than all else here. */
    private static final Map<String, byte[]> BYTES = new ConcurrentHashMap<>();

    private final World world;

    SpecOracle(World world) {
        this.world = world;
    }

    /** Whether a node with these local pods has to let a first packet through. */
    boolean allows(Packet packet) {
        if (packet.from().equals(packet.to())) {
            return true;
        }
        for (Map.Entry<String, List<String>> pod : world.local.entrySet()) {
            if (pod.getValue().contains(packet.from()) && !side(pod.getKey(), packet, false)) {
                return false;
            }
            if (pod.getValue().contains(packet.to()) && !side(pod.getKey(), packet, true)) {
                return false;
            }
        }
        return true;
    }

    private boolean side(String key, Packet packet, boolean ingress) {
        String namespace = key.substring(0, key.indexOf('/'));
        Pod pod = world.pods.get(key);
        boolean isolated = false;
        for (Policy policy : world.policies.values()) {
            if (!policy.namespace().equals(namespace)) {
                continue;
            }
            if (pod == null) {
                return false;
            }
            JsonNode spec = policy.json().get("spec");
            if (pod.kind().equals(Pod.HOST)
                    || !selects(spec.get("podSelector"), pod.labels())
                    || !types(spec).contains(ingress ? "Ingress" : "Egress")) {
                continue;
            }
            isolated = true;
            if (!policy.broken() && anyRule(policy, spec, packet, ingress)) {
                return true;
            }
        }
        return !isolated;
    }

    private static List<String> types(JsonNode spec) {
        List<String> types = new ArrayList<>();
        if (spec.has("policyTypes") && !spec.get("policyTypes").isEmpty()) {
            spec.get("policyTypes").forEach(type -> types.add(type.asString()));
            return types;
        }
        types.add("Ingress");
        if (spec.has("egress") && !spec.get("egress").isEmpty()) {
            types.add("Egress");
        }
        return types;
    }

    private boolean anyRule(Policy policy, JsonNode spec, Packet packet, boolean ingress) {
        JsonNode rules = spec.get(ingress ? "ingress" : "egress");
        if (rules == null) {
            return false;
        }
        for (JsonNode rule : rules) {
            JsonNode peers = rule.get(ingress ? "from" : "to");
            String other = ingress ? packet.from() : packet.to();
            if (anyPeer(policy, peers, other) && anyPort(rule.get("ports"), packet)) {
                return true;
            }
        }
        return false;
    }

    private boolean anyPeer(Policy policy, @Nullable JsonNode peers, String address) {
        if (peers == null || peers.isEmpty()) {
            return true;
        }
        for (JsonNode peer : peers) {
            if (peer.has("ipBlock")
                    ? inBlock(peer.get("ipBlock"), address)
                    : podPeer(policy, peer, address)) {
                return true;
            }
        }
        return false;
    }

    private boolean podPeer(Policy policy, JsonNode peer, String address) {
        Pod pod = podAt(address);
        if (pod == null) {
            return false;
        }
        boolean namespace =
                peer.has("namespaceSelector")
                        ? selects(
                                peer.get("namespaceSelector"),
                                world.namespaces.getOrDefault(pod.namespace(), Map.of()))
                        : pod.namespace().equals(policy.namespace());
        return namespace
                && (!peer.has("podSelector") || selects(peer.get("podSelector"), pod.labels()));
    }

    /** A pod that still runs and has a network of its own. */
    private @Nullable Pod podAt(String address) {
        for (Pod pod : world.pods.values()) {
            List<String> addresses = world.local.getOrDefault(pod.key(), pod.addresses());
            if (pod.kind().isEmpty() && addresses.contains(address)) {
                return pod;
            }
        }
        return null;
    }

    private boolean anyPort(@Nullable JsonNode ports, Packet packet) {
        if (ports == null || ports.isEmpty()) {
            return true;
        }
        for (JsonNode each : ports) {
            String protocol = each.has("protocol") ? each.get("protocol").asString() : "TCP";
            if (protocol.equals(packet.protocol()) && onPort(each, protocol, packet)) {
                return true;
            }
        }
        return false;
    }

    private boolean onPort(JsonNode each, String protocol, Packet packet) {
        if (!each.has("port")) {
            return true;
        }
        JsonNode port = each.get("port");
        if (port.isNumber()) {
            int last = each.has("endPort") ? each.get("endPort").asInt() : port.asInt();
            return packet.port() >= port.asInt() && packet.port() <= last;
        }
        Pod receiver = podAt(packet.to());
        return receiver != null
                && receiver.ports().stream()
                        .anyMatch(
                                named ->
                                        named.name().equals(port.asString())
                                                && named.protocol().name().equals(protocol)
                                                && named.port() == packet.port());
    }

    private static boolean selects(JsonNode selector, Map<String, String> labels) {
        JsonNode equal = selector.get("matchLabels");
        if (equal != null) {
            for (String key : equal.propertyNames()) {
                if (!equal.get(key).asString().equals(labels.get(key))) {
                    return false;
                }
            }
        }
        JsonNode expressions = selector.get("matchExpressions");
        if (expressions != null) {
            for (JsonNode each : expressions) {
                if (!fulfils(each, labels)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean fulfils(JsonNode expression, Map<String, String> labels) {
        String value = labels.get(expression.get("key").asString());
        List<String> values = new ArrayList<>();
        if (expression.has("values")) {
            expression.get("values").forEach(each -> values.add(each.asString()));
        }
        return switch (expression.get("operator").asString()) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            default -> throw new AssertionError(expression);
        };
    }

    private static boolean inBlock(JsonNode block, String address) {
        if (!inCidr(block.get("cidr").asString(), address)) {
            return false;
        }
        if (block.has("except")) {
            for (JsonNode hole : block.get("except")) {
                if (inCidr(hole.asString(), address)) {
                    return false;
                }
            }
        }
        return true;
    }

    static boolean inCidr(String cidr, String address) {
        int slash = cidr.indexOf('/');
        byte[] network = bytes(cidr.substring(0, slash));
        byte[] other = bytes(address);
        int length = Integer.parseInt(cidr.substring(slash + 1));
        if (network.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < length; bit++) {
            int mask = 0x80 >> (bit % 8);
            if ((network[bit / 8] & mask) != (other[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    private static byte[] bytes(String address) {
        return BYTES.computeIfAbsent(address, each -> InetAddress.ofLiteral(each).getAddress());
    }
}
