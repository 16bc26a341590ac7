package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.IoVector;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.NativeBytes;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.PacketBuilder;
import dev.culvert.overlay.packet.TcpHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmenterTest {
    private static final long PEER = MacAddress.parse("02:00:00:00:00:09").value();

    private final Segmenter segmenter =
            new Segmenter(new VxlanEncapsulation(1, MacAddress.parse("02:00:00:00:00:01")));
    private final IoVector vector = new IoVector(Arena.ofAuto(), 2 * Segmenter.MAX_SEGMENTS);

    @ParameterizedTest
    @CsvSource({
        "4, 20, 1398, 60000", "4, 32, 1386, 65000", "4, 60, 1, 50", "4, 20, 1398, 1398",
        "4, 20, 1398, 1399", "6, 20, 1378, 61000", "6, 32, 700, 20001", "4, 20, 500, 0"
    })
    void cutsTcpSoThatTheSegmentsSayTheSame(
            int version, int tcpHeader, int mss, int payloadLength) {
        byte[] payload = PacketBuilder.payload(payloadLength);
        int flags = TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN | TcpHeader.CWR;
        byte[] whole =
                PacketBuilder.ip(version).tcp(tcpHeader, 0xffff_ff00, flags, payload).build();

        List<byte[]> segments =
                cut(
                        whole,
                        version == 4 ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6,
                        mss);

        assertThat(segments).hasSize(Math.max(1, (payloadLength + mss - 1) / mss));
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int i = 0; i < segments.size(); i++) {
            IpPacket packet = parse(segments.get(i));
            assertThat(packet.totalLength()).isEqualTo(segments.get(i).length);
            assertThat(packet.transportChecksumHolds()).as("checksum of %d", i).isTrue();
            assertNetworkHeader(packet, version, i);
            long tcp = packet.transport();
            MemorySegment memory = packet.memory();
            assertThat(NetworkOrder.i32(memory, tcp + TcpHeader.SEQUENCE_OFFSET))
                    .isEqualTo(0xffff_ff00 + i * mss);
            assertThat(NetworkOrder.u8(memory, tcp + TcpHeader.FLAGS_OFFSET))
                    .as("flags of %d", i)
                    .isEqualTo(expectedFlags(flags, i, segments.size()));
            int start = packet.headerLength() + packet.tcpHeaderLength();
            joined.write(segments.get(i), start, segments.get(i).length - start);
        }
        assertThat(joined.toByteArray()).isEqualTo(payload);
    }

    @ParameterizedTest
    @CsvSource({"4, 1200, 24000", "4, 1, 64", "6, 1232, 50000", "6, 333, 1000"})
    void cutsUdpIntoDatagrams(int version, int size, int payloadLength) {
        byte[] payload = PacketBuilder.payload(payloadLength);
        byte[] whole = PacketBuilder.ip(version).udp(payload).build();

        List<byte[]> segments = cut(whole, VirtioNetHeader.GSO_UDP_L4, size);

        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int i = 0; i < segments.size(); i++) {
            IpPacket packet = parse(segments.get(i));
            assertThat(packet.transportChecksumHolds()).as("checksum of %d", i).isTrue();
            assertThat(NetworkOrder.u16(packet.memory(), packet.transport() + 4))
                    .isEqualTo(packet.transportLength());
            int start = packet.headerLength() + 8;
            joined.write(segments.get(i), start, segments.get(i).length - start);
        }
        assertThat(joined.toByteArray()).isEqualTo(payload);
    }

    @Test
    void keepsEachSendWithinTheKernelsLimits() {
        byte[] whole =
                PacketBuilder.ip(4)
                        .tcp(20, 1, TcpHeader.ACK, PacketBuilder.payload(65_000))
                        .build();
        begin(whole, VirtioNetHeader.GSO_TCPV4, 1398);

        int sends = 0;
        while (segmenter.fill(vector) > 0) {
            assertThat(vector.bytes()).isLessThanOrEqualTo(Segmenter.MAX_SEND_BYTES);
            vector.clear();
            sends++;
        }
        assertThat(sends).isEqualTo(2);
    }

    @Test
    void refusesHeadersThatDoNotMatchTheType() {
        byte[] udp = PacketBuilder.ip(4).udp(PacketBuilder.payload(100)).build();
        byte[] tcp = PacketBuilder.ip(4).tcp(20, 1, 0, PacketBuilder.payload(100)).build();
        byte[] fragment = tcp.clone();
        fragment[6] = 0x20;

        assertThat(begin(udp, VirtioNetHeader.GSO_TCPV4, 50)).isFalse();
        assertThat(begin(tcp, VirtioNetHeader.GSO_UDP_L4, 50)).isFalse();
        assertThat(begin(tcp, VirtioNetHeader.GSO_TCPV6, 50)).isFalse();
        assertThat(begin(tcp, 3, 50)).isFalse();
        assertThat(begin(tcp, VirtioNetHeader.GSO_TCPV4, 0)).isFalse();
        assertThat(begin(fragment, VirtioNetHeader.GSO_TCPV4, 50)).isFalse();
    }

    @Test
    void refusesATcpHeaderThatRunsPastTheEnd() {
        byte[] tcp = PacketBuilder.ip(4).tcp(20, 1, 0, new byte[0]).build();
        tcp[20 + TcpHeader.DATA_OFFSET_OFFSET] = (byte) 0xf0;

        assertThat(begin(tcp, VirtioNetHeader.GSO_TCPV4, 50)).isFalse();
    }

    private static int expectedFlags(int flags, int index, int count) {
        int expected = flags;
        if (index < count - 1) {
            expected &= ~(TcpHeader.FIN | TcpHeader.PSH);
        }
        return index > 0 ? expected & ~TcpHeader.CWR : expected;
    }

    private static void assertNetworkHeader(IpPacket packet, int version, int index) {
        if (version == 4) {
            assertThat(NetworkOrder.u16(packet.memory(), packet.offset() + 4))
                    .isEqualTo((PacketBuilder.ID + index) & 0xffff);
            assertThat(
                            InternetChecksum.fold(
                                    InternetChecksum.sum(
                                            packet.memory(),
                                            packet.offset(),
                                            packet.headerLength(),
                                            0)))
                    .isEqualTo(0xffff);
        }
    }

    private boolean begin(byte[] whole, int gsoType, int size) {
        MemorySegment memory = NativeBytes.copy(whole);
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(memory, 0, whole.length)).isTrue();
        return segmenter.begin(packet, gsoType, size, PEER, false);
    }

    private List<byte[]> cut(byte[] whole, int gsoType, int size) {
        MemorySegment memory = NativeBytes.copy(whole);
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(memory, 0, whole.length)).isTrue();
        assertThat(segmenter.begin(packet, gsoType, size, PEER, false)).isTrue();
        List<byte[]> result = new ArrayList<>();
        int count = segmenter.fill(vector);
        while (count > 0) {
            byte[] bytes = NativeBytes.gather(vector);
            for (int at = 0; at < bytes.length; at += segmenter.frameBytes()) {
                int end = Math.min(bytes.length, at + segmenter.frameBytes());
                result.add(Arrays.copyOfRange(bytes, at + VxlanEncapsulation.HEADROOM, end));
            }
            vector.clear();
            count = segmenter.fill(vector);
        }
        return result;
    }

    private static IpPacket parse(byte[] bytes) {
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        return packet;
    }
}
