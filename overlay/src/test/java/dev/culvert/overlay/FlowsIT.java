package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import dev.culvert.overlay.packet.PacketBuilder;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many flows at once through one event loop: each keeps its order and gets its share. */
class FlowsIT {
    private static final int FLOWS = 24;
    private static final int ROUNDS = 100;
    private static final int PORT = 53;
    private static final int SMALLEST = 4;
    private static final int LARGEST = 1400;

    private final Random random = new Random(7);

    @ParameterizedTest(name = "batching {0}")
    @ValueSource(booleans = {true, false})
    void packetsOfAFlowLeaveInOrder(boolean batching) throws Exception {
        Offload offload = batching ? Offload.ALL : Offload.NONE;
        try (WireNode node = WireNode.start(offload, Tuning.DEFAULT, batching)) {
            List<DatagramChannel> flows = new ArrayList<>();
            for (int i = 0; i < FLOWS; i++) {
                flows.add(node.openInPod(0));
            }
            InetSocketAddress to = new InetSocketAddress(IpAddresses.parse(WireNode.FAR_POD), PORT);
            Map<Integer, Integer> latest = new HashMap<>();
            for (int number = 0; number < ROUNDS; number++) {
                for (DatagramChannel flow : flows) {
                    flow.send(numbered(number), to);
                }
                takeRound(node, latest, number);
            }
            assertThat(latest).hasSize(FLOWS);
        }
    }

    /** The largest burst, which all sockets hold, is several rounds of all flows. */
    private static void takeRound(WireNode node, Map<Integer, Integer> latest, int number) {
        if (number % 4 != 3) {
            return;
        }
        for (int i = 0; i < 4 * FLOWS; i++) {
            expectNext(latest, node.awaitFrame(WireNodeFrames::isDatagram));
        }
    }

    private static void expectNext(Map<Integer, Integer> latest, byte[] frame) {
        int number = ByteBuffer.wrap(WireNodeFrames.payload(frame)).getInt();
        Integer before = latest.put(WireNodeFrames.sourcePort(frame), number);
        assertThat(number).isEqualTo(before == null ? 0 : before + 1);
    }

    private ByteBuffer numbered(int number) {
        ByteBuffer buffer = ByteBuffer.allocate(random.nextInt(SMALLEST, LARGEST));
        buffer.putInt(0, number);
        return buffer;
    }

    @Test
    void packetsOfAFlowArriveInOrder() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            List<DatagramChannel> flows = new ArrayList<>();
            for (int i = 0; i < FLOWS; i++) {
                flows.add(node.openInPod(PORT + i));
            }
            for (int number = 0; number < ROUNDS; number++) {
                for (int flow = 0; flow < FLOWS; flow++) {
                    // Equal sizes for a while, so that some are put together.
                    int size = number / 10 % 2 == 0 ? 500 : random.nextInt(SMALLEST, LARGEST);
                    node.deliver(packet(flow, number, size));
                }
            }
            for (DatagramChannel flow : flows) {
                for (int number = 0; number < ROUNDS; number++) {
                    byte[] payload = WireNode.awaitDatagram(flow);
                    assertThat(ByteBuffer.wrap(payload).getInt()).isEqualTo(number);
                }
            }
            TrafficStats stats = node.overlay.stats();
            assertThat(stats.ingress().packets()).isGreaterThanOrEqualTo(FLOWS * ROUNDS);
        }
    }

    private static byte[] packet(int flow, int number, int size) {
        byte[] payload = new byte[size];
        ByteBuffer.wrap(payload).putInt(number);
        byte[] packet =
                PacketBuilder.ip(4)
                        .from(WireNode.FAR_POD)
                        .to(WireNode.POD)
                        .ports(40_000 + flow, PORT + flow)
                        .udp(payload)
                        .build();
        return packet;
    }

    @Test
    void aFloodTakesNothingFromALightFlowBesideIt() throws Exception {
        int light = 300;
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.peer.ip("addr add 192.168.77.99/24 dev eth0");
            DatagramChannel quiet = node.open(node.peer.node(), "192.168.77.99", TestNode.PORT);
            publishSecondPeer(node);
            DatagramChannel pod = node.openInPod(0);
            InetSocketAddress flooded =
                    new InetSocketAddress(IpAddresses.parse(WireNode.FAR_POD), PORT);
            InetSocketAddress other = new InetSocketAddress(IpAddresses.parse("10.99.3.3"), PORT);
            ByteBuffer large = ByteBuffer.allocate(1000);
            for (int number = 0; number < light; number++) {
                for (int i = 0; i < 100; i++) {
                    pod.send(large.rewind(), flooded);
                }
                pod.send(numbered(number), other);
                // More than this would overflow the kernel's queues on the way to the TUN.
                node.awaitDealtWith(101L * (number + 1) - 500);
            }
            for (int number = 0; number < light; number++) {
                byte[] frame =
                        await().atMost(Duration.ofSeconds(10))
                                .pollInterval(Duration.ofMillis(2))
                                .until(
                                        () -> WireNode.next(quiet, WireNodeFrames::isDatagram),
                                        bytes -> bytes.length > 0);
                assertThat(ByteBuffer.wrap(WireNodeFrames.payload(frame)).getInt())
                        .isEqualTo(number);
            }
        }
    }

    private static void publishSecondPeer(WireNode node) {
        Vtep second =
                new Vtep(
                        "node3",
                        IpAddresses.parse("192.168.77.99"),
                        TestNode.PORT,
                        node.peer.vtep().mac());
        node.overlay.publish(
                Fdb.of(
                        List.of(
                                new FdbEntry(node.peer.podCidr(IpFamily.IPV4), node.peer.vtep()),
                                new FdbEntry(Cidr.parse("10.99.3.0/24"), second))));
    }

    @Test
    void whatComesWhileTheLoopIsBlockedIsCountedWhenItIsTooMuch() throws Exception {
        int frames = 40_000;
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            CountDownLatch blocked = new CountDownLatch(1);
            CountDownLatch release = new CountDownLatch(1);
            node.overlay.onEveryLoop(
                    () -> {
                        blocked.countDown();
                        awaitUninterruptibly(release);
                    });
            blocked.await();
            byte[] frame = node.frame(packet(0, 0, LARGEST));
            int sent = 0;
            try {
                while (sent < frames) {
                    sent += node.send(frame) > 0 ? 1 : 0;
                }
            } finally {
                release.countDown();
            }
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(
                            () -> {
                                // The kernel tells with the next frame that it takes.
                                node.send(frame);
                                assertThat(node.drops(DropReason.RECEIVE_BUFFER_FULL)).isPositive();
                            });
            // A batch's drops are counted before its packets are.
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(
                            () -> assertThat(accountedFor(node)).isGreaterThanOrEqualTo(frames));
        }
    }

    private static long accountedFor(WireNode node) throws Exception {
        return node.overlay.stats().ingress().packets()
                + node.drops(DropReason.RECEIVE_BUFFER_FULL)
                + node.lostOnTheWire();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
