package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.ImpairedLink.Impairment;
import dev.culvert.overlay.OverlayConfig.Offload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** TCP transfers with digests between two nodes, in every mode and over links of several kinds. */
final class DigestRun {
    private DigestRun() {}

    /** What carries the pods' packets on the two nodes. */
    enum Mode {
        PLAIN_ROUTING,
        KERNEL_VXLAN,
        CULVERT,
        CULVERT_WITHOUT_OFFLOADS,
        CULVERT_AND_KERNEL_VXLAN;

        private List<Overlay> start(List<TestNode> nodes) throws Exception {
            TestNode a = nodes.get(0);
            TestNode b = nodes.get(1);
            List<Overlay> overlays = new ArrayList<>();
            switch (this) {
                case PLAIN_ROUTING -> {
                    a.startPlainRouting(b);
                    b.startPlainRouting(a);
                }
                case KERNEL_VXLAN -> {
                    a.startKernelVxlan(b);
                    b.startKernelVxlan(a);
                }
                case CULVERT -> {
                    overlays.add(a.startOverlay(b, Offload.ALL, 1));
                    overlays.add(b.startOverlay(a, Offload.ALL, 1));
                }
                case CULVERT_WITHOUT_OFFLOADS -> {
                    overlays.add(a.startOverlay(b, Offload.NONE, 1));
                    overlays.add(b.startOverlay(a, Offload.NONE, 1));
                }
                case CULVERT_AND_KERNEL_VXLAN -> {
                    overlays.add(a.startOverlay(b, Offload.ALL, 1));
                    b.startKernelVxlan(a);
                }
            }
            return overlays;
        }
    }

    /**
     * What the receiving ends counted.
     *
     * @param bytes carried, all of which arrived as they were sent
     * @param time that it took
     * @param damage counters of damaged packets that have grown
     * @param disorder counters of segments out of order that have grown
     */
    record Result(long bytes, Duration time, Map<String, Long> damage, Map<String, Long> disorder) {
        double gigabitsPerSecond() {
            return bytes * 8.0 / time.toNanos();
        }
    }

    /**
     * Sends a quarter of {@code bytes} each way over each family, over a link that treats frames as
     * {@code impairment} says.
     *
     * @throws AssertionError if anything arrives other than it was sent
     */
    static Result overImpairedLink(Mode mode, IpFamily outer, Impairment impairment, long bytes)
            throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
                ImpairedLink link = new ImpairedLink()) {
            List<TestNode> nodes = ImpairedLink.pair(namespaces, outer);
            link.join(namespaces, nodes, impairment);
            return run(mode, nodes, bytes);
        }
    }

    /**
     * As {@link #overImpairedLink} over a veth pair.
     *
     * @param wire whether only finished frames of at most 1500 bytes cross it
     */
    static Result overVeth(Mode mode, IpFamily outer, boolean wire, long bytes) throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces, outer);
            if (wire) {
                nodes.get(0).cutAtTheLink();
                nodes.get(1).cutAtTheLink();
            }
            return run(mode, nodes, bytes);
        }
    }

    private static Result run(Mode mode, List<TestNode> nodes, long bytes) throws Exception {
        List<Overlay> overlays = mode.start(nodes);
        try {
            return transfer(nodes, bytes);
        } finally {
            overlays.forEach(Overlay::close);
        }
    }

    private static Result transfer(List<TestNode> nodes, long bytes) throws Exception {
        NodeCounters before = NodeCounters.read(nodes);
        long start = System.nanoTime();
        for (IpFamily inner : IpFamily.values()) {
            Paths.tcp(nodes.get(0), nodes.get(1), inner, bytes / 4);
            Paths.tcp(nodes.get(1), nodes.get(0), inner, bytes / 4);
        }
        Duration time = Duration.ofNanos(System.nanoTime() - start);
        NodeCounters after = NodeCounters.read(nodes);
        return new Result(bytes, time, after.damageSince(before), after.disorderSince(before));
    }

    /** Fails where something was damaged that plain routing over such a link does not damage. */
    static void assertNoDamageBeyond(Result plain, Mode mode, Result result) {
        result.damage()
                .forEach(
                        (name, count) ->
                                assertThat(count)
                                        .as("%s over %s", name, mode)
                                        .isLessThanOrEqualTo(
                                                plain.damage().getOrDefault(name, 0L)));
    }
}
