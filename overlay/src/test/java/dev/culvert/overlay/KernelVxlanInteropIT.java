package dev.culvert.overlay;

import static dev.culvert.net.IpFamily.IPV4;
import static dev.culvert.net.IpFamily.IPV6;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.OverlayConfig.Offload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One node with Culvert's data path and one with the kernel's vxlan device: everything that pods
 * send over IPv4 and IPv6 arrives whole, over an underlay of either family, whichever offloads are
 * in use, and over a link that carries super-packets as well as over one that carries frames of at
 * most 1500 bytes. The kernel's counters show no damage, and no more disorder than a busy machine
 * makes by itself.
 */
class KernelVxlanInteropIT {
    private static final long MEGABYTE = 1 << 20;

    /**
     * One in so many segments may be out of order: a sender that the scheduler moves to another
     * core leaves packets in two queues of the kernel, over plain routing as well.
     */
    private static final int SEGMENTS_PER_DISORDER = 50;

    /**
     * A way to run Culvert's side.
     *
     * @param name for people
     * @param offload what is in use
     * @param wire whether only finished frames cross the link
     * @param loops event loops
     */
    record Mode(String name, Offload offload, boolean wire, int loops) {
        /** How much to send: more the usual way. */
        long bytes() {
            return (offload.equals(Offload.ALL) && loops == 1 ? 30 : 2) * MEGABYTE;
        }

        @Override
        public String toString() {
            return "%s%s, loops: %d".formatted(name, wire ? ", on the wire" : "", loops);
        }
    }

    static Stream<Arguments> modes() {
        List<Arguments> result = new ArrayList<>();
        for (IpFamily outer : IpFamily.values()) {
            for (Mode mode : modesOverEach()) {
                result.add(Arguments.of(mode, outer));
            }
        }
        return result.stream();
    }

    private static List<Mode> modesOverEach() {
        TunFeatures all = TunFeatures.ALL;
        TunFeatures noUdp = new TunFeatures(true, true, true, false);
        TunFeatures noTcp6 = new TunFeatures(true, true, false, true);
        TunFeatures checksumOnly = new TunFeatures(true, false, false, false);
        return List.of(
                new Mode("all offloads", Offload.ALL, false, 1),
                new Mode("all offloads", Offload.ALL, false, 2),
                new Mode("all offloads", Offload.ALL, true, 1),
                new Mode("all offloads", Offload.ALL, true, 2),
                new Mode("no offload", Offload.NONE, false, 1),
                new Mode("no offload", Offload.NONE, true, 2),
                new Mode("no USO", new Offload(noUdp, true, true, true, true), true, 1),
                new Mode("no TSO6", new Offload(noTcp6, true, true, true, true), true, 1),
                new Mode(
                        "checksums only",
                        new Offload(checksumOnly, true, true, true, true),
                        true,
                        1),
                new Mode(
                        "plain TUN",
                        new Offload(TunFeatures.NONE, true, true, true, true),
                        true,
                        1),
                new Mode("no UDP GSO", new Offload(all, false, true, true, true), true, 1),
                new Mode("no UDP GRO", new Offload(all, true, false, true, true), true, 1),
                new Mode("no coalescing", new Offload(all, true, true, false, true), true, 1));
    }

    @ParameterizedTest(name = "{0}, underlay {1}")
    @MethodSource("modes")
    void carriesEverything(Mode mode, IpFamily outer) throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces, outer);
            if (mode.wire()) {
                nodes.get(0).cutAtTheLink();
                nodes.get(1).cutAtTheLink();
            }
            nodes.get(1).startKernelVxlan(nodes.get(0));
            try (Overlay overlay =
                    nodes.get(0).startOverlay(nodes.get(1), mode.offload(), mode.loops())) {
                List<Nstat> before = counters(nodes);
                exchange(nodes.get(0), nodes.get(1), mode.bytes());
                exchange(nodes.get(1), nodes.get(0), mode.bytes());
                assertNoDrops(overlay.stats());
                assertUndisturbed(before, counters(nodes));
            }
        }
    }

    private static void exchange(TestNode from, TestNode to, long bytes) throws Exception {
        for (IpFamily inner : List.of(IPV4, IPV6)) {
            Paths.ping(from, to, inner);
            Paths.tcp(from, to, inner, bytes);
            Paths.udp(from, to, inner);
        }
    }

    private static List<Nstat> counters(List<TestNode> nodes) throws Exception {
        List<Nstat> result = new ArrayList<>();
        for (TestNode node : nodes) {
            result.add(Nstat.read(node.node()));
            result.add(Nstat.read(node.pod()));
        }
        return result;
    }

    private static void assertUndisturbed(List<Nstat> before, List<Nstat> after) {
        for (int i = 0; i < before.size(); i++) {
            Nstat then = before.get(i);
            Nstat now = after.get(i);
            assertThat(now.damageSince(then)).as("damage in %d", i).isEmpty();
            Map<String, Long> disorder = now.disorderSince(then);
            long segments = now.get("TcpInSegs") - then.get("TcpInSegs");
            long sum = disorder.values().stream().mapToLong(Long::longValue).sum();
            assertThat(sum)
                    .as("%s of %d segments in %d", disorder, segments, i)
                    .isLessThanOrEqualTo(segments / SEGMENTS_PER_DISORDER);
        }
    }

    private static void assertNoDrops(TrafficStats stats) {
        long drops =
                stats.drops().entrySet().stream()
                        .filter(drop -> !drop.getKey().label().equals("no_vtep"))
                        .mapToLong(drop -> drop.getValue())
                        .sum();
        assertThat(drops).as(stats.toString()).isZero();
    }
}
