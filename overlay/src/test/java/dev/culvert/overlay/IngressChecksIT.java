package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.packet.PacketBuilder;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a node must not take from the wire: each kind of bad frame is dropped under its own reason,
 * and good ones sent right after it still arrive.
 */
class IngressChecksIT {
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;
    private static final int IPV4 = 0x0800;

    private TestNamespaces namespaces;
    private TestNode node;
    private TestNode peer;
    private Overlay overlay;
    private DatagramChannel known;
    private DatagramChannel stranger;
    private DatagramChannel pod;
    private final Map<DropReason, Long> expected = new EnumMap<>(DropReason.class);

    @BeforeEach
    void start() throws Exception {
        namespaces = TestNamespaces.assumePermitted().assumeTun();
        List<TestNode> nodes = TestNode.pair(namespaces);
        node = nodes.get(0);
        peer = nodes.get(1);
        peer.ip("addr add 192.168.77.99/24 dev eth0");
        overlay = node.startOverlay(peer, Offload.ALL, 1);
        known = bound(peer.underlay().getHostAddress());
        stranger = bound("192.168.77.99");
        pod = node.pod().call(DatagramChannel::open);
        pod.bind(new InetSocketAddress(node.podAddress(), 53));
        pod.configureBlocking(false);
    }

    @AfterEach
    void stop() throws Exception {
        if (namespaces != null) {
            for (AutoCloseable each : Arrays.asList(pod, stranger, known, overlay)) {
                if (each != null) {
                    each.close();
                }
            }
            namespaces.close();
        }
    }

    @Test
    void dropsFramesOfAnotherNetwork() throws Exception {
        byte[] frame = frame(datagram());
        frame[6] ^= 1;
        expectDrop(DropReason.WRONG_VNI, known, frame);
    }

    @Test
    void dropsFramesWithAnyReservedBit() throws Exception {
        for (int bit = 0; bit < 64; bit++) {
            if (bit < 32 || bit >= 56) {
                byte[] frame = frame(datagram());
                frame[bit / 8] ^= (byte) (0x80 >> (bit % 8));
                expectDrop(DropReason.BAD_VXLAN_FLAGS, known, frame);
            }
        }
    }

    @Test
    void dropsFramesFromStrangers() throws Exception {
        expectDrop(DropReason.UNKNOWN_VTEP, stranger, frame(datagram()));
    }

    @Test
    void dropsInnerSourcesThatTheSenderDoesNotOwn() throws Exception {
        for (String source : List.of("10.99.1.77", "10.99.3.1", "8.8.8.8", "192.168.77.1")) {
            byte[] packet = packet(source, "10.99.1.2");
            expectDrop(DropReason.SPOOFED_SOURCE, known, frame(packet));
        }
    }

    @Test
    void dropsInnerDestinationsOfOtherNodes() throws Exception {
        for (String destination : List.of("10.99.2.2", "192.168.77.1", "8.8.8.8", "224.0.0.1")) {
            byte[] packet = packet("10.99.2.2", destination);
            expectDrop(DropReason.NOT_LOCAL, known, frame(packet));
        }
    }

    @Test
    void dropsFramesForAnotherMac() throws Exception {
        byte[] frame = frame(datagram());
        frame[HEADROOM - 14] ^= 4;
        expectDrop(DropReason.WRONG_MAC, known, frame);
    }

    @Test
    void dropsWhatIsNotIpInside() throws Exception {
        byte[] arp = frame(datagram());
        arp[HEADROOM - 1] = 6;
        expectDrop(DropReason.NOT_IP_INSIDE, known, arp);
        byte[] wrongType = frame(PacketBuilder.ip(6).udp(new byte[8]).build());
        expectDrop(DropReason.NOT_IP_INSIDE, known, wrongType);
    }

    @Test
    void dropsFramesCutAtEveryByte() throws Exception {
        byte[] frame = frame(datagram());
        for (int length = 0; length < frame.length; length++) {
            expectDrop(DropReason.TRUNCATED, known, Arrays.copyOf(frame, length));
        }
    }

    @Test
    void takesFramesWithEthernetPadding() throws Exception {
        byte[] frame = frame(datagram());
        send(known, Arrays.copyOf(frame, frame.length + 18));
        awaitDelivery();
    }

    @Test
    void takesWhatTheSendersNodeItselfSends() throws Exception {
        send(known, frame(packet("192.168.77.2", "10.99.1.2")));
        awaitDelivery();
    }

    private void expectDrop(DropReason reason, DatagramChannel from, byte[] frame)
            throws Exception {
        expected.merge(reason, 1L, Long::sum);
        send(from, frame);
        send(known, frame(datagram()));
        awaitDelivery();
        Map<DropReason, Long> drops = new EnumMap<>(overlay.stats().drops());
        drops.remove(DropReason.NO_VTEP);
        drops.values().removeIf(count -> count == 0);
        assertThat(drops).isEqualTo(expected);
    }

    private void awaitDelivery() {
        ByteBuffer buffer = ByteBuffer.allocate(2000);
        await().pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(10))
                .until(() -> pod.receive(buffer) != null);
        buffer.flip();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        assertThat(bytes).isEqualTo(PacketBuilder.payload(33));
    }

    private void send(DatagramChannel from, byte[] frame) throws Exception {
        from.send(ByteBuffer.wrap(frame), new InetSocketAddress(node.underlay(), TestNode.PORT));
    }

    private DatagramChannel bound(String address) throws Exception {
        DatagramChannel channel = peer.node().call(DatagramChannel::open);
        return channel.bind(new InetSocketAddress(IpAddresses.parse(address), 0));
    }

    private byte[] datagram() {
        return packet("10.99.2.2", "10.99.1.2");
    }

    private static byte[] packet(String from, String to) {
        return PacketBuilder.ip(4).from(from).to(to).udp(PacketBuilder.payload(33)).build();
    }

    private byte[] frame(byte[] packet) {
        byte[] frame = new byte[HEADROOM + packet.length];
        MacAddress local = node.vtep().mac();
        new VxlanEncapsulation(TestNode.VNI, peer.vtep().mac())
                .write(MemorySegment.ofArray(frame), 0, local.value(), IPV4);
        System.arraycopy(packet, 0, frame, HEADROOM, packet.length);
        return frame;
    }
}
