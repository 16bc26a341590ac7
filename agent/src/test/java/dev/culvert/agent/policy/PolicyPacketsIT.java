package dev.culvert.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.iptables.NamespaceCommand;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sample of generated clusters with real rules, real pods on one bridge and real packets. */
@Timeout(180)
class PolicyPacketsIT {
    private static final int WORLDS = 3;
    private static final Path BRIDGE_RULES =
            Path.of("/proc/sys/net/bridge/bridge-nf-call-iptables");

    @Test
    void packetsPassAsTheSpecificationSays() throws Exception {
        Assumptions.assumeTrue(Files.exists(BRIDGE_RULES), "needs the kernel module br_netfilter");
        int denied = 0;
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted();
                PodSockets sockets = new PodSockets();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            NetworkNamespace node = namespaces.create();
            NamespaceCommand command = new NamespaceCommand(node);
            Assumptions.assumeTrue(
                    namespaces.run(node, "ipset", "list", "-n").status() == 0, "needs ipset");
            Map<String, NetworkNamespace> pods = pods(namespaces, node, sockets);
            PolicyState state = new PolicyState();
            PolicyRules rules = new PolicyRules(state, EnumSet.allOf(IpFamily.class));
            PacketFilter filter = new PacketFilter(command, EnumSet.allOf(IpFamily.class));
            World told = new World();
            for (int seed = 0; seed < WORLDS; seed++) {
                RandomWorld random = new RandomWorld(2_000_000L + seed);
                random.world().tell(state, told);
                told = random.world();
                rules.render(filter);
                filter.apply();
                SpecOracle oracle = new SpecOracle(told);
                Map<Packet, Future<Boolean>> answers = new LinkedHashMap<>();
                for (Packet packet : packets(random, pods)) {
                    NetworkNamespace from = Objects.requireNonNull(pods.get(packet.from()));
                    answers.put(
                            packet,
                            threads.submit(
                                    () -> sockets.answers(from, packet, oracle.allows(packet))));
                }
                for (Map.Entry<Packet, Future<Boolean>> each : answers.entrySet()) {
                    boolean wanted = oracle.allows(each.getKey());
                    denied += wanted ? 0 : 1;
                    assertThat(each.getValue().get())
                            .as("seed %d, %s, %s", seed, each.getKey(), told)
                            .isEqualTo(wanted);
                }
            }
        }
        assertThat(denied).isPositive();
    }

    private static List<Packet> packets(RandomWorld random, Map<String, NetworkNamespace> pods) {
        return IntStream.range(0, 2000)
                .mapToObj(_ -> random.packet())
                .filter(packet -> pods.containsKey(packet.from()) && pods.containsKey(packet.to()))
                .filter(packet -> List.of("TCP", "UDP").contains(packet.protocol()))
                .distinct()
                .limit(60)
                .toList();
    }

    /** The pods of this node by address: all on one bridge, whose packets go through the rules. */
    private static Map<String, NetworkNamespace> pods(
            TestNamespaces namespaces, NetworkNamespace node, PodSockets sockets) throws Exception {
        namespaces.check(node, "ip", "link", "add", "br0", "type", "bridge");
        namespaces.check(node, "ip", "link", "set", "br0", "up");
        for (String file : List.of("bridge-nf-call-iptables", "bridge-nf-call-ip6tables")) {
            namespaces.check(node, "sh", "-c", "echo 1 > /proc/sys/net/bridge/" + file);
        }
        Map<String, NetworkNamespace> pods = new LinkedHashMap<>();
        int number = 0;
        List<List<String>> attached = new ArrayList<>(new RandomWorld(0).world().local.values());
        for (List<String> addresses : attached) {
            NetworkNamespace pod = namespaces.create();
            String port = "port" + number++;
            namespaces.connect(node, port, pod, "eth0");
            namespaces.check(node, "ip", "link", "set", port, "master", "br0");
            namespaces.check(pod, "ip", "addr", "add", addresses.get(0) + "/16", "dev", "eth0");
            namespaces.check(
                    pod, "ip", "addr", "add", addresses.get(1) + "/48", "dev", "eth0", "nodad");
            sockets.listen(pod);
            addresses.forEach(address -> pods.put(address, pod));
        }
        return pods;
    }
}
