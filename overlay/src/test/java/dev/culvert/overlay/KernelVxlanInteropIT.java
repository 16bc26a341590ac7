package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.packet.PacketBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One node with Culvert's data path and one with the kernel's vxlan device: everything that pods
 * send arrives whole, whichever offloads are in use, and over a link that carries super-packets as
 * well as over one that carries frames of at most 1500 bytes.
 */
class KernelVxlanInteropIT {
    private static final long MEGABYTE = 1 << 20;
    private static final Pattern COUNTER = Pattern.compile("(?m)^(\\w*Csum\\w*)\\s+(\\d+)");

    static Stream<Arguments> modes() {
        TunFeatures all = TunFeatures.ALL;
        TunFeatures noUdp = new TunFeatures(true, true, true, false);
        return Stream.of(
                Arguments.of("all offloads", Offload.ALL, false, 1),
                Arguments.of("all offloads, two loops", Offload.ALL, false, 2),
                Arguments.of("all offloads, on the wire", Offload.ALL, true, 1),
                Arguments.of("no offload", Offload.NONE, false, 1),
                Arguments.of("no offload, on the wire", Offload.NONE, true, 1),
                Arguments.of("no USO", new Offload(noUdp, true, true, true, true), true, 1),
                Arguments.of("no UDP GSO", new Offload(all, false, true, true, true), true, 1),
                Arguments.of("no UDP GRO", new Offload(all, true, false, true, true), true, 1),
                Arguments.of("no coalescing", new Offload(all, true, true, false, true), true, 1));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("modes")
    void carriesEverything(String name, Offload offload, boolean wire, int loops) throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces);
            TestNode culvert = nodes.get(0);
            TestNode kernel = nodes.get(1);
            if (wire) {
                cutAtTheLink(namespaces, culvert.node());
                cutAtTheLink(namespaces, kernel.node());
            }
            kernel.startKernelVxlan(culvert);
            try (Overlay overlay = culvert.startOverlay(kernel, offload, loops)) {
                long size = name.equals("all offloads") ? 100 * MEGABYTE : 5 * MEGABYTE;
                ping(namespaces, culvert, kernel);
                ping(namespaces, kernel, culvert);
                tcp(culvert, kernel, size);
                tcp(kernel, culvert, size);
                udp(culvert, kernel);
                udp(kernel, culvert);
                assertNoDrops(overlay.stats());
                for (TestNode node : nodes) {
                    assertChecksumsHeld(namespaces, node.node());
                    assertChecksumsHeld(namespaces, node.pod());
                }
            }
        }
    }

    /** Frames of at most 1500 bytes with finished checksums cross the link, as between machines. */
    private static void cutAtTheLink(TestNamespaces namespaces, NetworkNamespace node)
            throws Exception {
        namespaces.check(
                node,
                "ethtool -K eth0 tx off tso off gso off gro on tx-udp-segmentation off".split(" "));
    }

    private static void ping(TestNamespaces namespaces, TestNode from, TestNode to)
            throws Exception {
        String target = to.podAddress().getHostAddress();
        for (int size : new int[] {0, 1, 56, 1400, 1422}) {
            String line = "ping -c 2 -i 0.01 -W 5 -M do -s %d %s".formatted(size, target);
            namespaces.check(from.pod(), line.split(" "));
        }
        namespaces.check(
                from.pod(), "ping -c 2 -i 0.01 -W 5 -s 8000 %s".formatted(target).split(" "));
        namespaces.check(from.node(), "ping -c 2 -i 0.01 -W 5 %s".formatted(target).split(" "));
    }

    private static void tcp(TestNode from, TestNode to, long length) throws Exception {
        Transfers.Transfer transfer = Transfers.tcp(from.pod(), to.pod(), to.podAddress(), length);
        assertThat(transfer.received())
                .isEqualTo(
                        new Transfers.Received(from.podAddress(), transfer.sentDigest(), length));
    }

    private static void udp(TestNode from, TestNode to) throws Exception {
        for (int size : new int[] {1, 2, 100, 1399, 1421, 1422, 1423, 4000, 9000, 60_000}) {
            byte[] payload = PacketBuilder.payload(size);
            assertThat(Transfers.udpEcho(from.pod(), to.pod(), to.podAddress(), payload))
                    .as("%d bytes", size)
                    .isEqualTo(payload);
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

    private static void assertChecksumsHeld(TestNamespaces namespaces, NetworkNamespace namespace)
            throws Exception {
        String counters = namespaces.check(namespace, "nstat", "-asz");
        Matcher matcher = COUNTER.matcher(counters);
        List<String> names = new ArrayList<>();
        while (matcher.find()) {
            names.add(matcher.group(1));
            assertThat(matcher.group(2)).as(matcher.group(1)).isEqualTo("0");
        }
        assertThat(names)
                .as(counters)
                .contains("TcpInCsumErrors", "UdpInCsumErrors", "IcmpInCsumErrors");
    }
}
