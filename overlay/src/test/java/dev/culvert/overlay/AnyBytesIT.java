package dev.culvert.overlay;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.encap.DropReason;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever bytes come from the wire or the TUN device, the data path goes on, every packet is
 * accounted for, and good traffic beside it is not disturbed.
 */
class AnyBytesIT {
    private static final int FRAMES = 60_000;
    private static final int BURST = 500;
    private static final long GOOD_BYTES = 20L << 20;
    private static final int VIRTIO_BYTES = 10;
    private static final int PATIENCE_SECONDS = 30;
    private static final Duration PATIENCE = Duration.ofSeconds(PATIENCE_SECONDS);

    private TestNamespaces namespaces;
    private TestNode node;
    private TestNode peer;
    private Overlay overlay;
    private Overlay other;

    @BeforeEach
    void start() throws Exception {
        namespaces = TestNamespaces.assumePermitted().assumeTun();
        List<TestNode> nodes = TestNode.pair(namespaces);
        node = nodes.get(0);
        peer = nodes.get(1);
        namespaces.check(node.node(), "ethtool", "-K", "eth0", "gro", "on");
        deliverToPodsOnly(node);
        deliverToPodsOnly(peer);
        overlay = node.startOverlay(peer, Offload.ALL, 1);
        other = peer.startOverlay(node, Offload.ALL, 1);
    }

    /** Else the kernel asks for every address that a packet invents, and its table overflows. */
    private static void deliverToPodsOnly(TestNode each) throws Exception {
        int number = each.number();
        each.ip("route add 10.99.%d.2/32 dev br0".formatted(number));
        each.ip("route add blackhole 10.99.%d.0/24 metric 10".formatted(number));
        each.ip("route del 10.99.%d.0/24 dev br0".formatted(number));
        each.ip("-6 route add fd00:99:%d::2/128 dev br0".formatted(number));
        each.ip("-6 route add blackhole fd00:99:%d::/64 metric 10".formatted(number));
        each.ip("-6 route del fd00:99:%d::/64 dev br0".formatted(number));
    }

    @AfterEach
    void stop() {
        if (namespaces != null) {
            for (Overlay each : new Overlay[] {overlay, other}) {
                if (each != null) {
                    each.close();
                }
            }
            namespaces.close();
        }
    }

    @Test
    void anythingFromTheWireIsDeliveredOrCountedAsADrop() throws Exception {
        CompletableFuture<Boolean> good = goodTraffic();
        HostileFrames frames = new HostileFrames(7348, peer, node);

        try (DatagramChannel channel = peer.node().call(DatagramChannel::open)) {
            channel.bind(new InetSocketAddress(peer.underlay(), 0));
            channel.connect(new InetSocketAddress(node.underlay(), TestNode.PORT));
            for (int sent = 1; sent <= FRAMES; sent++) {
                byte[] frame = frames.frame();
                assertThat(channel.write(ByteBuffer.wrap(frame))).isEqualTo(frame.length);
                if (sent % BURST == 0) {
                    awaitTaken(overlay, sent);
                }
            }
        }

        assertThat(good.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        await().atMost(PATIENCE)
                .untilAsserted(
                        () ->
                                assertThat(taken(overlay, DropReason.Direction.INGRESS))
                                        .isEqualTo(FRAMES + other.stats().egress().packets()));
        assertThat(overlay.isOpen()).isTrue();
    }

    @Test
    void anythingFromTheTunIsSentOrCountedAsADrop() throws Exception {
        HostileFrames frames = new HostileFrames(768, node, peer);

        inject(false, frames::packet, FRAMES);

        // Both count from the device's beginning, so that what came before is no matter.
        await().atMost(PATIENCE)
                .untilAsserted(
                        () ->
                                assertThat(taken(overlay, DropReason.Direction.EGRESS))
                                        .isEqualTo(transmitted(TestNode.TUN)));
        assertThat(taken(overlay, DropReason.Direction.EGRESS)).isGreaterThanOrEqualTo(FRAMES / 2);
        assertThat(goodTraffic().get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void superPacketsOfAnyBytesFromTheTunDoNotDisturbOthers() throws Exception {
        long before = overlay.stats().egress().packets();
        CompletableFuture<Boolean> good = goodTraffic();
        HostileFrames frames = new HostileFrames(9293, node, peer);
        Random random = new Random(791);

        inject(true, () -> withVirtioHeader(frames.packet(), random), FRAMES / 2);

        assertThat(good.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(overlay.isOpen()).isTrue();
        assertThat(overlay.stats().egress().packets()).isGreaterThan(before);
        await().atMost(PATIENCE)
                .untilAsserted(
                        () ->
                                assertThat(taken(other, DropReason.Direction.INGRESS))
                                        .isEqualTo(overlay.stats().egress().packets()));
    }

    /** Transfers with digests, both ways and over both families. */
    private CompletableFuture<Boolean> goodTraffic() {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        for (IpFamily family : IpFamily.values()) {
                            Paths.tcp(peer, node, family, GOOD_BYTES);
                            Paths.tcp(node, peer, family, GOOD_BYTES);
                            Paths.udp(peer, node, family);
                        }
                        return true;
                    } catch (Exception e) {
                        throw new AssertionError("good traffic was disturbed", e);
                    }
                },
                task -> Thread.ofPlatform().daemon().start(task));
    }

    /** Puts packets into the TUN device as if the kernel had routed them there. */
    private void inject(boolean virtio, Supplier<byte[]> source, int count) throws Exception {
        try (RawSocket socket = RawSocket.sender(node.node(), TestNode.TUN, virtio);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1 << 16, 8);
            for (int i = 1; i <= count; i++) {
                byte[] bytes = source.get();
                MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
                socket.send(memory.address(), bytes.length);
                if (i % BURST == 0) {
                    // More on their way would overflow the kernel's queues between the nodes.
                    awaitTaken(other, overlay.stats().egress().packets());
                }
            }
        }
    }

    /** What the kernel refuses to send is no matter; what it lets through is. */
    private static byte[] withVirtioHeader(byte[] packet, Random random) {
        boolean ipv4 = (packet[0] & 0xf0) == 0x40;
        int network = ipv4 ? 20 : 40;
        boolean udp = packet.length > 9 && packet[ipv4 ? 9 : 6] == 17;
        ByteBuffer buffer =
                ByteBuffer.allocate(VIRTIO_BYTES + packet.length).order(ByteOrder.nativeOrder());
        buffer.put((byte) 1).put((byte) (udp ? 5 : ipv4 ? 1 : 4));
        buffer.putShort((short) (network + (udp ? 8 : 20)));
        buffer.putShort((short) (1 + random.nextInt(300)));
        buffer.putShort((short) network).putShort((short) (udp ? 6 : 16));
        return buffer.put(packet).array();
    }

    private static void awaitTaken(Overlay receiver, long count) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> taken(receiver, DropReason.Direction.INGRESS) >= count);
    }

    private static long taken(Overlay overlay, DropReason.Direction direction) {
        TrafficStats stats = overlay.stats();
        long drops =
                stats.drops().entrySet().stream()
                        .filter(drop -> drop.getKey().direction() == direction)
                        .mapToLong(drop -> drop.getValue())
                        .sum();
        boolean ingress = direction == DropReason.Direction.INGRESS;
        return drops + (ingress ? stats.ingress() : stats.egress()).packets();
    }

    /** Packets that the device handed over, as {@code /proc/net/dev} says. */
    private long transmitted(String device) throws Exception {
        return node.node()
                .call(
                        () -> {
                            for (String line :
                                    Files.readAllLines(Path.of("/proc/thread-self/net/dev"))) {
                                String[] parts = line.trim().split("[:\\s]+", -1);
                                if (parts[0].equals(device)) {
                                    return Long.parseLong(parts[10]);
                                }
                            }
                            throw new AssertionError("no device " + device);
                        });
    }
}
