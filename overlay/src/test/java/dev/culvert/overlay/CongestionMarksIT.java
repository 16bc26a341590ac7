package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.packet.PacketBuilder;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ECN and DSCP through a running data path, seen by the kernels on both sides of it. */
class CongestionMarksIT {
    private static final int CE = 3;
    private static final int PORT = 53;
    private static final int EXPEDITED = 46;
    private static final byte[] PAYLOAD = PacketBuilder.payload(33);

    @ParameterizedTest(name = "{0} inside becomes {1}")
    @CsvSource({"1, 3", "2, 3", "3, 3"})
    void aMarkSetOnTheWayArrivesInThePod(int inside, int expected) throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false);
                DatagramChannel pod = node.openInPod(PORT)) {
            node.count(node.node.pod(), "-p udp -m ecn --ecn-ip-ect " + expected);
            node.wire.setOption(StandardSocketOptions.IP_TOS, CE);
            node.deliver(packet(inside));
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
            assertThat(node.counted(node.node.pod())).isEqualTo(1);
            assertThat(node.drops(DropReason.ECN_MISMATCH)).isZero();
        }
    }

    @Test
    void aMarkOnWhatKnowsNoMarksIsADrop() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false);
                DatagramChannel pod = node.openInPod(PORT)) {
            node.wire.setOption(StandardSocketOptions.IP_TOS, CE);
            node.deliver(packet(0));
            node.awaitDrops(DropReason.ECN_MISMATCH, 1);
            node.wire.setOption(StandardSocketOptions.IP_TOS, 0);
            node.deliver(packet(0));
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
            assertThat(WireNode.next(pod, _ -> true)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "2", "3"})
    void whatThePodSaysAboutMarksShowsOutside(int ecn) throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.count(node.peer.node(), "-p udp --dport 4789 -m ecn --ecn-ip-ect " + ecn);
            sendFromPod(node, ecn);
            node.awaitFrame(WireNodeFrames::isDatagram);
            assertThat(node.counted(node.peer.node())).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "{0}: {1} outside")
    @CsvSource({"INHERIT, 46", "NONE, 0"})
    void priorityShowsOutsideIfAskedTo(OuterDscp dscp, int outside) throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, new Tuning(dscp, 50), false)) {
            node.count(node.peer.node(), "-p udp --dport 4789 -m dscp --dscp " + outside);
            sendFromPod(node, EXPEDITED << 2);
            node.awaitFrame(WireNodeFrames::isDatagram);
            assertThat(node.counted(node.peer.node())).isEqualTo(1);
        }
    }

    @Test
    void whatARouterMarksArrivesInThePod() throws Exception {
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false);
                DatagramChannel pod = node.openInPod(PORT)) {
            String rule = "-p udp --dport 4789 -j TOS --set-tos 0x03/0x03";
            node.namespaces.check(
                    node.node.node(), ("iptables -t mangle -A INPUT " + rule).split(" "));
            node.count(node.node.pod(), "-p udp -m ecn --ecn-ip-ect 3");
            node.deliver(packet(2));
            assertThat(WireNode.awaitDatagram(pod)).isEqualTo(PAYLOAD);
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> assertThat(node.counted(node.node.pod())).isEqualTo(1));
        }
    }

    private static void sendFromPod(WireNode node, int trafficClass) throws Exception {
        DatagramChannel pod = node.openInPod(0);
        pod.setOption(StandardSocketOptions.IP_TOS, trafficClass);
        pod.send(
                ByteBuffer.wrap(PAYLOAD),
                new InetSocketAddress(IpAddresses.parse(WireNode.FAR_POD), PORT));
    }

    private static byte[] packet(int trafficClass) {
        return PacketBuilder.ip(4)
                .from(WireNode.FAR_POD)
                .to(WireNode.POD)
                .trafficClass(trafficClass)
                .udp(PAYLOAD)
                .build();
    }
}
