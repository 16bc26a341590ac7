package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.icmp.IcmpErrors;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What pods are told by a running data path about packets that it cannot carry. */
class RouterErrorsIT {
    private static final int SMALLER_MTU = 1300;
    private static final int MEGABYTE = 1 << 20;
    private static final Pattern UNREACHABLES = Pattern.compile("IcmpInDestUnreachs\\s+(\\d+)");

    @Test
    void tellsTheLimitToIpv4SendersThatForbidFragments() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.overlay.limitTo(SMALLER_MTU);
            assertThat(node.inPod("ping -n -c 1 -W 5 -M do -s 1372 " + WireNode.FAR_POD))
                    .contains("From 10.99.1.1", "Frag needed and DF set (mtu = 1300)");
            assertThat(node.drops(DropReason.TOO_BIG)).isEqualTo(1);
            assertThat(node.inPod("ip route get " + WireNode.FAR_POD)).contains("mtu 1300");
            node.inPod("ping -n -c 1 -W 1 -M do -s 1272 " + WireNode.FAR_POD);
            byte[] frame = node.awaitFrame(each -> each.length > SMALLER_MTU);
            assertThat(frame).hasSize(SMALLER_MTU + WireNode.HEADROOM);
        }
    }

    @Test
    void tellsTheLimitToIpv6Senders() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.overlay.limitTo(SMALLER_MTU);
            assertThat(node.inPod("ping -n -c 1 -W 5 -M do -s 1352 " + WireNode.FAR_POD6))
                    .contains("From fd00:99:1::1", "Packet too big: mtu=1300");
            assertThat(node.drops(DropReason.TOO_BIG)).isEqualTo(1);
            assertThat(node.inPod("ip route get " + WireNode.FAR_POD6)).contains("mtu 1300");
        }
    }

    @Test
    void saysThatNobodyServesAnAddress() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            assertThat(node.inPod("ping -n -c 1 -W 5 10.99.3.3"))
                    .contains("From 10.99.1.1", "Destination Net Unreachable");
            assertThat(node.inPod("ping -n -c 1 -W 5 fd00:99:3::3"))
                    .contains("From fd00:99:1::1", "No route");
        }
    }

    @Test
    void saysItOnlySoOften() throws Exception {
        int packets = 5000;
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            DatagramChannel pod = node.openInPod(0);
            long before = node.drops(DropReason.NO_VTEP);
            long start = System.nanoTime();
            for (int i = 0; i < packets; i++) {
                InetSocketAddress nobody =
                        new InetSocketAddress(IpAddresses.parse("10.99.3." + (1 + i % 200)), 9);
                assertThat(pod.send(ByteBuffer.allocate(20), nobody)).isEqualTo(20);
                // More on their way would overflow the kernel's queues before the TUN.
                node.awaitDealtWith(i - 200);
            }
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> node.drops(DropReason.NO_VTEP) - before >= packets);
            double seconds = (System.nanoTime() - start) / 1e9;
            double most = IcmpErrors.BURST + IcmpErrors.PER_SECOND * (seconds + 1);
            assertThat((double) unreachables(node)).isBetween(IcmpErrors.BURST / 2.0, most);
            assertThat(most).isLessThan(packets);
        }
    }

    private static long unreachables(WireNode node) throws Exception {
        Matcher matcher = UNREACHABLES.matcher(node.inPod("nstat -asz IcmpInDestUnreachs"));
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void tcpGoesOnInSmallerPacketsWhenTheLimitSinks() throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces);
            TestNode near = nodes.get(0);
            TestNode far = nodes.get(1);
            try (Overlay sending = WireNode.start(near, far, Offload.ALL, Tuning.DEFAULT, true);
                    Overlay receiving =
                            WireNode.start(far, near, Offload.ALL, Tuning.DEFAULT, true)) {
                CompletableFuture<Transfers.Transfer> transfer = transfer(near, far);
                await().atMost(Duration.ofSeconds(20))
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> sending.stats().egress().bytes() > 5 * MEGABYTE);
                sending.limitTo(SMALLER_MTU);
                Transfers.Transfer ended = transfer.get(60, TimeUnit.SECONDS);
                assertThat(ended.received().digest()).isEqualTo(ended.sentDigest());
                assertThat(sending.stats().drops().get(DropReason.TOO_BIG)).isPositive();
                TrafficStats arrived = receiving.stats();
                assertThat(arrived.ingress().bytes() / arrived.ingress().packets())
                        .isLessThan(WireNode.MTU);
            }
        }
    }

    private static CompletableFuture<Transfers.Transfer> transfer(TestNode near, TestNode far) {
        CompletableFuture<Transfers.Transfer> future = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                future.complete(
                                        Transfers.tcp(
                                                near.pod(),
                                                far.pod(),
                                                far.podAddress(),
                                                200L * MEGABYTE));
                            } catch (Throwable e) {
                                future.completeExceptionally(e);
                            }
                        });
        return future;
    }
}
