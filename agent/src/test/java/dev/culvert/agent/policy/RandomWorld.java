package dev.culvert.agent.policy;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.agent.policy.World.Pod;
import dev.culvert.agent.policy.World.Policy;
import dev.culvert.iptables.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** Makes small clusters in which policies often matter, and changes them. One thread. */
final class RandomWorld {
    private static final List<String> NAMESPACES = List.of("n0", "n1", "n2");
    private static final List<String> PROTOCOLS = List.of("TCP", "UDP", "SCTP");
    private static final List<String> PORT_NAMES = List.of("web", "dns");
    private static final int PODS = 10;
    private static final int LOCAL = 5;

    private final Random random;
    private final World world = new World();

    RandomWorld(long seed) {
        random = new Random(seed);
        NAMESPACES.forEach(name -> world.namespaces.put(name, labels()));
        IntStream.range(0, PODS).forEach(this::makePod);
        int policies = 1 + random.nextInt(4);
        IntStream.range(0, policies).forEach(this::makePolicy);
    }

    World world() {
        return world;
    }

    /** Something happens. */
    void change() {
        switch (random.nextInt(8)) {
            case 0, 1 -> makePolicy(random.nextInt(5));
            case 2 -> removeOne(world.policies);
            case 3 -> world.namespaces.put(one(NAMESPACES), labels());
            case 4 -> removePod(random.nextInt(PODS));
            default -> makePod(random.nextInt(PODS));
        }
    }

    /** A packet from and to addresses that occur. */
    Packet packet() {
        boolean ipv6 = random.nextInt(3) == 0;
        String protocol = one(List.of("TCP", "TCP", "UDP", "SCTP", "ICMP"));
        int port = protocol.equals("ICMP") ? 0 : 79 + random.nextInt(6);
        return new Packet(address(ipv6), address(ipv6), protocol, port);
    }

    private String address(boolean ipv6) {
        int number = random.nextInt(PODS + 3);
        if (number >= PODS) {
            return ipv6 ? "fd01::" + number : "192.168.0." + number;
        }
        return addresses(number).get(ipv6 ? 1 : 0);
    }

    /** Spread over several networks, so that the dispatch has something to do. */
    private static List<String> addresses(int number) {
        String node = number < LOCAL ? "0" : "1";
        int host = 1 + number * 7;
        return List.of("10.0." + node + "." + host, "fd00:0:0:" + node + "::" + host);
    }

    private void makePod(int number) {
        String namespace = NAMESPACES.get(number % NAMESPACES.size());
        boolean local = number < LOCAL;
        String kind = local || random.nextInt(5) > 0 ? "" : one(List.of(Pod.HOST, Pod.FINISHED));
        List<String> addresses = addresses(number);
        if (kind.equals(Pod.HOST)) {
            addresses = List.of("192.168.0." + (PODS + 1));
        }
        if (kind.equals(Pod.FINISHED) && random.nextBoolean()) {
            addresses = addresses(random.nextInt(PODS));
        }
        List<PolicyPod.NamedPort> ports = new ArrayList<>();
        for (String name : PORT_NAMES) {
            if (random.nextInt(3) > 0) {
                Protocol protocol = Protocol.valueOf(one(PROTOCOLS));
                ports.add(World.port(name, protocol, 80 + random.nextInt(3)));
            }
        }
        Pod pod = new Pod(namespace, "p" + number, labels(), addresses, ports, kind);
        world.pods.put(pod.key(), pod);
        if (local) {
            world.local.put(pod.key(), addresses);
        }
    }

    /** The object may go before the attachment does, and be missing after it came. */
    private void removePod(int number) {
        String key = NAMESPACES.get(number % NAMESPACES.size()) + "/p" + number;
        world.pods.remove(key);
        if (random.nextBoolean()) {
            world.local.remove(key);
        }
    }

    private void removeOne(Map<String, Policy> from) {
        if (!from.isEmpty()) {
            from.remove(one(List.copyOf(from.keySet())));
        }
    }

    private Map<String, String> labels() {
        Map<String, String> labels = new TreeMap<>();
        for (String key : List.of("a", "b")) {
            if (random.nextInt(3) > 0) {
                labels.put(key, one(List.of("x", "y")));
            }
        }
        return labels;
    }

    private void makePolicy(int number) {
        String namespace = one(NAMESPACES);
        String name = "policy" + number;
        boolean broken = random.nextInt(12) == 0;
        List<String> spec = new ArrayList<>();
        spec.add("podSelector: " + selector());
        String types =
                one(List.of("", "[]", "[Ingress]", "[Egress]", "[Ingress, Egress]", "[Egress]"));
        if (!types.isEmpty()) {
            spec.add("policyTypes: " + types);
        }
        if (random.nextInt(4) > 0) {
            spec.add("ingress: " + rules("from"));
        }
        if (random.nextInt(3) > 0) {
            spec.add("egress: " + rules("to"));
        }
        if (broken) {
            spec.removeIf(field -> field.startsWith("ingress"));
            spec.add("ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]");
        }
        String text =
                "{metadata: {namespace: %s, name: %s}, spec: {%s}}"
                        .formatted(namespace, name, String.join(", ", spec));
        JsonNode json = TestYaml.read(text);
        Policy policy = new Policy(namespace, name, json, broken);
        world.policies.put(policy.key(), policy);
    }

    private String rules(String peers) {
        List<String> rules = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            List<String> fields = new ArrayList<>();
            if (random.nextInt(5) > 0) {
                fields.add(peers + ": " + list(this::peer));
            }
            if (random.nextInt(3) > 0) {
                fields.add("ports: " + list(this::port));
            }
            rules.add("{" + String.join(", ", fields) + "}");
        }
        return rules.toString();
    }

    private String list(Supplier<String> members) {
        int count = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(2);
        return IntStream.range(0, count).mapToObj(_ -> members.get()).toList().toString();
    }

    private String peer() {
        return switch (random.nextInt(5)) {
            case 0 -> "{podSelector: " + selector() + "}";
            case 1 -> "{namespaceSelector: " + selector() + "}";
            case 2 -> "{namespaceSelector: " + selector() + ", podSelector: " + selector() + "}";
            default ->
                    one(
                            List.of(
                                    "{ipBlock: {cidr: 10.0.0.0/16, except: [10.0.1.0/24]}}",
                                    "{ipBlock: {cidr: 10.0.1.0/24}}",
                                    "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}",
                                    "{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/1]}}",
                                    "{ipBlock: {cidr: 0.0.0.0/0}}",
                                    "{ipBlock: {cidr: 10.0.0.8/32}}",
                                    "{ipBlock: {cidr: 'fd00::/16', except: ['fd00:0:0:1::/64']}}",
                                    "{ipBlock: {cidr: '::/0', except: ['fd00::/16']}}",
                                    "{ipBlock: {cidr: '::/0'}}"));
        };
    }

    private String port() {
        String protocol = random.nextBoolean() ? "" : "protocol: " + one(PROTOCOLS) + ", ";
        int port = 80 + random.nextInt(3);
        return "{"
                + protocol
                + switch (random.nextInt(5)) {
                    case 0 -> "";
                    case 1 -> "port: " + one(PORT_NAMES);
                    case 2 -> "port: " + port + ", endPort: " + (port + random.nextInt(3));
                    default -> "port: " + port;
                }
                + "}";
    }

    private String selector() {
        List<String> fields = new ArrayList<>();
        if (random.nextInt(3) == 0) {
            fields.add("matchLabels: {" + one(List.of("a", "b")) + ": x}");
        }
        if (random.nextInt(3) == 0) {
            fields.add(
                    "matchExpressions: "
                            + one(
                                    List.of(
                                            "[{key: a, operator: In, values: [x, z]}]",
                                            "[{key: a, operator: NotIn, values: [x]}]",
                                            "[{key: b, operator: Exists}]",
                                            "[{key: b, operator: DoesNotExist}]",
                                            "[{key: a, operator: Exists},"
                                                    + " {key: a, operator: NotIn, values: [y]}]")));
        }
        return "{" + String.join(", ", fields) + "}";
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
