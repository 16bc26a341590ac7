package dev.culvert.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules and verdicts for generated clusters against {@link SpecOracle}. */
class PolicyRulesOracleTest {
    private static final int WORLDS = 1000;
    private static final int HISTORIES = 60;
    private static final int PACKETS = 25;

    /** One node: its state, what makes rules of it, and its kernel. */
    private static final class Node {
        final PolicyState state = new PolicyState();
        final WatchedKernel kernel = new WatchedKernel();
        private World told = new World();
        private final PolicyRules rules = new PolicyRules(state, EnumSet.allOf(IpFamily.class));
        private final PacketFilter filter = new PacketFilter(kernel, EnumSet.allOf(IpFamily.class));

        void become(World world) throws IOException {
            world.tell(state, told);
            told = world.copy();
            rules.render(filter);
            filter.apply();
        }
    }

    @Test
    void rulesAndVerdictsSayWhatTheSpecificationSays() throws IOException {
        int denied = 0;
        for (int seed = 0; seed < WORLDS; seed++) {
            RandomWorld random = new RandomWorld(seed);
            Node node = new Node();
            node.become(random.world());
            SpecOracle oracle = new SpecOracle(random.world());
            RuleWalker ipv4 = node.kernel.walker(false);
            RuleWalker ipv6 = node.kernel.walker(true);
            for (Packet packet : packets(random)) {
                boolean wanted = oracle.allows(packet);
                denied += wanted ? 0 : 1;
                Supplier<String> what = describe(seed, packet, random.world());
                assertThat((packet.isIpv6() ? ipv6 : ipv4).passes(packet))
                        .as(what)
                        .isEqualTo(wanted);
                assertThat(verdict(node.state, packet)).as(what).isEqualTo(wanted);
            }
        }
        assertThat(denied).isBetween(WORLDS * PACKETS / 10, WORLDS * PACKETS * 9 / 10);
    }

    @Test
    void noStepOfAChangeOpensOrCutsWhatIsTheSameBeforeAndAfter() throws IOException {
        for (int seed = 0; seed < HISTORIES; seed++) {
            RandomWorld random = new RandomWorld(1_000_000L + seed);
            Node node = new Node();
            node.become(random.world());
            for (int step = 0; step < 6; step++) {
                SpecOracle before = new SpecOracle(random.world().copy());
                IntStream.range(0, 1 + step % 3).forEach(_ -> random.change());
                SpecOracle after = new SpecOracle(random.world());
                String what = "seed " + seed + ", step " + step;
                Map<String, Packet> firm = new TreeMap<>();
                packets(random).stream()
                        .filter(packet -> before.allows(packet) == after.allows(packet))
                        .forEach(packet -> firm.put(packet.toString(), packet));
                node.kernel.observe(() -> check(node, firm.values().stream(), after, what));
                node.become(random.world());
                node.kernel.observe(() -> {});
                check(node, packets(random).stream(), after, what + ", at the end");
            }
            Node fresh = new Node();
            fresh.become(random.world());
            assertThat(node.kernel.content()).as("seed " + seed).isEqualTo(fresh.kernel.content());
        }
    }

    private static void check(Node node, Stream<Packet> packets, SpecOracle oracle, String what) {
        RuleWalker ipv4 = node.kernel.walker(false);
        RuleWalker ipv6 = node.kernel.walker(true);
        packets.forEach(
                packet ->
                        assertThat((packet.isIpv6() ? ipv6 : ipv4).passes(packet))
                                .as(what + ", " + packet)
                                .isEqualTo(oracle.allows(packet)));
    }

    private static Supplier<String> describe(int seed, Packet packet, World world) {
        return () -> "seed " + seed + ", " + packet + "\n" + world;
    }

    private static List<Packet> packets(RandomWorld random) {
        return IntStream.range(0, PACKETS).mapToObj(_ -> random.packet()).toList();
    }

    private static boolean verdict(PolicyState state, Packet packet) {
        boolean ported = !packet.protocol().equals("ICMP");
        return state.verdict(
                        IpAddresses.parse(packet.from()),
                        IpAddresses.parse(packet.to()),
                        ported ? Protocol.parse(packet.protocol()) : null,
                        packet.port())
                .allowed();
    }
}
