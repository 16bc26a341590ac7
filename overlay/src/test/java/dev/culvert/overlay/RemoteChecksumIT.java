package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.PacketBuilder;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Remote checksum offload between nodes: used where both announce it, and nowhere else. */
class RemoteChecksumIT {
    private static final int PLAIN = 0x0800_0000;
    private static final int MARKED = 0x0820_0000;
    private static final int LAST_BYTE = 7;
    private static final int UDP_PLACE = 0x80;
    private static final int PORT = 53;
    private static final Pattern COUNTED = Pattern.compile("\\[(\\d+):\\d+\\] -A PREROUTING");
    private static final byte[] PAYLOAD = PacketBuilder.payload(33);

    @ParameterizedTest(name = "to {0}")
    @CsvSource({WireNode.FAR_POD, WireNode.FAR_POD6})
    void leavesChecksumsToAPeerThatFinishesThem(String to) throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, true)) {
            byte[] frame = sendFromPod(node, to);
            IpPacket packet = WireNodeFrames.packet(frame);
            assertThat(WireNodeFrames.flags(frame)).isEqualTo(MARKED);
            assertThat(frame[LAST_BYTE] & 0xff)
                    .isEqualTo((14 + packet.headerLength()) / 2 | UDP_PLACE);
            assertThat(packet.isChecksumSeeded(packet.checksumField())).isTrue();
            assertThat(WireNodeFrames.payload(frame)).isEqualTo(PAYLOAD);
        }
    }

    @ParameterizedTest(name = "to {0}")
    @CsvSource({WireNode.FAR_POD, WireNode.FAR_POD6})
    void finishesChecksumsForAPeerThatDoesNot(String to) throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            assertFinished(sendFromPod(node, to));
        }
    }

    @Test
    void finishesChecksumsWhenItIsOffHere() throws Exception {
        Offload off = new Offload(Offload.ALL.tun(), true, true, true, /* remoteChecksum= */ false);
        try (WireNode node = WireNode.start(off, Tuning.DEFAULT, true)) {
            assertFinished(sendFromPod(node, WireNode.FAR_POD));
        }
    }

    private static void assertFinished(byte[] frame) {
        assertThat(WireNodeFrames.flags(frame)).isEqualTo(PLAIN);
        assertThat(frame[LAST_BYTE]).isZero();
        IpPacket packet = WireNodeFrames.packet(frame);
        assertThat(packet.transportChecksumHolds()).isTrue();
    }

    @Test
    void takesMarkedFramesOfAPeerThatMayMarkThem() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, true);
                DatagramChannel pod = node.openInPod(PORT)) {
            node.send(markedFrame(node));
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
        }
    }

    @Test
    void refusesMarkedFramesOfOthers() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false);
                DatagramChannel pod = node.openInPod(PORT)) {
            node.send(markedFrame(node));
            node.awaitDrops(DropReason.BAD_VXLAN_FLAGS, 1);
            node.deliver(datagram());
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
            assertThat(WireNode.next(pod, _ -> true)).isEmpty();
        }
    }

    @Test
    void refusesMarksThatDoNotFitThePacket() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, true);
                DatagramChannel pod = node.openInPod(PORT)) {
            byte[] right = markedFrame(node);
            int refused = 0;
            for (int last = 0; last < 256; last++) {
                if ((byte) last != right[LAST_BYTE]) {
                    byte[] wrong = right.clone();
                    wrong[LAST_BYTE] = (byte) last;
                    node.send(wrong);
                    refused++;
                }
            }
            byte[] finished = node.frame(datagram());
            mark(finished);
            node.send(finished);
            refused++;
            node.awaitDrops(DropReason.BAD_REMOTE_CHECKSUM, refused);
            node.deliver(datagram());
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
            assertThat(WireNode.next(pod, _ -> true)).isEmpty();
        }
    }

    @Test
    void carriesBulkTrafficBetweenTwoNodesThatUseIt() throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces);
            TestNode one = nodes.get(0);
            TestNode two = nodes.get(1);
            String match = "-p udp --dport 4789 -m u32 --u32 28>>16&0xffff=0x0820";
            namespaces.check(two.node(), ("iptables -t mangle -A PREROUTING " + match).split(" "));
            try (Overlay first = WireNode.start(one, two, Offload.ALL, Tuning.DEFAULT, true);
                    Overlay second = WireNode.start(two, one, Offload.ALL, Tuning.DEFAULT, true)) {
                for (TestNode from : nodes) {
                    TestNode to = from.equals(one) ? two : one;
                    Transfers.Transfer transfer =
                            Transfers.tcp(from.pod(), to.pod(), to.podAddress(), 20 << 20);
                    assertThat(transfer.received().digest()).isEqualTo(transfer.sentDigest());
                    byte[] large = PacketBuilder.payload(9000);
                    assertThat(Transfers.udpEcho(from.pod(), to.pod(), to.podAddress(), large))
                            .isEqualTo(large);
                }
                for (Overlay each : List.of(first, second)) {
                    assertThat(each.stats().drops())
                            .allSatisfy(
                                    (reason, count) -> {
                                        if (reason != DropReason.NO_VTEP) {
                                            assertThat(count).as(reason.label()).isZero();
                                        }
                                    });
                }
            }
            String rules = namespaces.check(two.node(), "iptables-save", "-c", "-t", "mangle");
            Matcher counted = COUNTED.matcher(rules);
            assertThat(counted.find()).as(rules).isTrue();
            assertThat(Long.parseLong(counted.group(1))).isGreaterThan(100);
        }
    }

    private static byte[] sendFromPod(WireNode node, String to) throws Exception {
        DatagramChannel pod =
                to.equals(WireNode.FAR_POD)
                        ? node.openInPod(0)
                        : node.open(node.node.pod(), "fd00:99:1::2", 0);
        pod.send(ByteBuffer.wrap(PAYLOAD), new InetSocketAddress(IpAddresses.parse(to), PORT));
        return node.awaitFrame(WireNodeFrames::isDatagram);
    }

    private static byte[] datagram() {
        return PacketBuilder.ip(4).from(WireNode.FAR_POD).to(WireNode.POD).udp(PAYLOAD).build();
    }

    /** With the seed in place of the checksum. */
    private static byte[] markedFrame(WireNode node) {
        byte[] bytes = datagram();
        MemorySegment memory = MemorySegment.ofArray(bytes);
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(memory, 0, bytes.length)).isTrue();
        long seed = packet.pseudoHeaderSum(packet.transportLength());
        InternetChecksum.storeSeed(memory, packet.transport() + UdpHeader.CHECKSUM_OFFSET, seed);
        byte[] frame = node.frame(bytes);
        mark(frame);
        return frame;
    }

    private static void mark(byte[] frame) {
        frame[1] = 0x20;
        frame[LAST_BYTE] = (byte) ((14 + 20) / 2 | UDP_PLACE);
    }
}
