package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.NativeBytes;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.PacketBuilder;
import dev.culvert.overlay.packet.TcpHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CoalescerTest {
    private static final int ACK = TcpHeader.ACK;
    private static final int MSS = 1000;

    private static final int MTU = 1450;

    private final List<byte[]> written = new ArrayList<>();
    private final Coalescer<String> coalescer = new Coalescer<>(true, this::write);

    @ParameterizedTest
    @CsvSource({"4, 20", "4, 32", "6, 20", "6, 60"})
    void putsATcpStreamTogether(int version, int header) {
        byte[] stream = PacketBuilder.payload(10 * MSS + 17);
        for (int at = 0; at < stream.length; at += MSS) {
            byte[] part = Arrays.copyOfRange(stream, at, Math.min(at + MSS, stream.length));
            int flags = at + MSS >= stream.length ? ACK | TcpHeader.PSH : ACK;
            assertThat(offer(tcp(version, header, 5_000 + at, flags, part))).isTrue();
        }

        MemorySegment whole = finish();

        int ip = version == 4 ? 20 : 40;
        int type = version == 4 ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6;
        assertThat(VirtioNetHeader.needsChecksum(whole, 0)).isTrue();
        assertThat(VirtioNetHeader.gsoType(whole, 0)).isEqualTo(type);
        assertThat(VirtioNetHeader.gsoSize(whole, 0)).isEqualTo(MSS);
        assertThat(VirtioNetHeader.checksumStart(whole, 0)).isEqualTo(ip);
        assertThat(VirtioNetHeader.checksumOffset(whole, 0)).isEqualTo(16);
        IpPacket packet = new IpPacket();
        int length = (int) whole.byteSize() - VirtioNetHeader.BYTES;
        assertThat(packet.parse(whole, VirtioNetHeader.BYTES, length)).isTrue();
        assertThat(packet.totalLength()).isEqualTo(length).isEqualTo(ip + header + stream.length);
        assertThat(NetworkOrder.i32(whole, packet.transport() + 4)).isEqualTo(5_000);
        assertThat(NetworkOrder.u8(whole, packet.transport() + 13)).isEqualTo(ACK | 8);
        assertThat(ChecksumCompletion.complete(packet, ip, 16)).isTrue();
        assertThat(packet.transportChecksumHolds()).isTrue();
        byte[] bytes = whole.toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOfRange(bytes, bytes.length - stream.length, bytes.length))
                .isEqualTo(stream);
    }

    @ParameterizedTest
    @CsvSource({"4, 100, 30", "6, 1, 64", "4, 1400, 3"})
    void putsDatagramsTogether(int version, int size, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(offer(udp(version, size))).isTrue();
        }

        MemorySegment whole = finish();

        assertThat(VirtioNetHeader.gsoType(whole, 0)).isEqualTo(VirtioNetHeader.GSO_UDP_L4);
        assertThat(VirtioNetHeader.gsoSize(whole, 0)).isEqualTo(size);
        int ip = version == 4 ? 20 : 40;
        assertThat(NetworkOrder.u16(whole, VirtioNetHeader.BYTES + ip + 4))
                .isEqualTo(8 + size * count);
    }

    @Test
    void takesNoMoreDatagramsThanTheKernelDoes() {
        for (int i = 0; i < 65; i++) {
            assertThat(offer(udp(4, 10))).isTrue();
        }
        coalescer.flush();
        int headers = VirtioNetHeader.BYTES + 28;
        assertThat(written).extracting(each -> each.length - headers).containsExactly(640, 10);
    }

    @Test
    void leavesUdpAloneWhereTheKernelTakesNoUdpSuperPackets() {
        Coalescer<String> tcpOnly = new Coalescer<>(false, this::write);
        assertThat(tcpOnly.offer(parse(udp(4, 10)), "peer", MTU)).isFalse();
    }

    @Test
    void aSinglePacketLeavesAsItCame() {
        byte[] packet = tcp(4, 32, 1, ACK, PacketBuilder.payload(100));
        assertThat(offer(packet)).isTrue();

        MemorySegment whole = finish();

        assertThat(VirtioNetHeader.gsoType(whole, 0)).isEqualTo(VirtioNetHeader.GSO_NONE);
        IpPacket parsed = new IpPacket();
        assertThat(parsed.parse(whole, VirtioNetHeader.BYTES, packet.length)).isTrue();
        assertThat(ChecksumCompletion.complete(parsed, 20, 16)).isTrue();
        byte[] bytes = whole.toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOfRange(bytes, VirtioNetHeader.BYTES, bytes.length))
                .isEqualTo(packet);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("strangers")
    void doesNotAppend(String what, byte[] second) {
        byte[] first = tcp(4, 32, 1_000, ACK, PacketBuilder.payload(MSS));
        assertThat(offer(first)).isTrue();
        offer(second);
        coalescer.flush();
        assertThat(written.getFirst()).hasSize(VirtioNetHeader.BYTES + first.length);
    }

    static Stream<Arguments> strangers() {
        byte[] next = PacketBuilder.payload(MSS);
        byte[] good = tcp(4, 32, 1_000 + MSS, ACK, next);
        return Stream.of(
                Arguments.of("a gap", tcp(4, 32, 1_001 + MSS, ACK, next)),
                Arguments.of("a repetition", tcp(4, 32, 1_000, ACK, next)),
                Arguments.of("no payload", tcp(4, 32, 1_000 + MSS, ACK, new byte[0])),
                Arguments.of("more payload than the first", tcp(4, 32, 2_000, ACK, new byte[1001])),
                Arguments.of("FIN", tcp(4, 32, 2_000, ACK | TcpHeader.FIN, next)),
                Arguments.of("SYN", tcp(4, 32, 2_000, ACK | 0x02, next)),
                Arguments.of("RST", tcp(4, 32, 2_000, ACK | 0x04, next)),
                Arguments.of("URG", tcp(4, 32, 2_000, ACK | 0x20, next)),
                Arguments.of("ECE", tcp(4, 32, 2_000, ACK | 0x40, next)),
                Arguments.of("CWR", tcp(4, 32, 2_000, ACK | 0x80, next)),
                Arguments.of("no ACK", tcp(4, 32, 2_000, 0, next)),
                Arguments.of("other options", tcp(4, 36, 2_000, ACK, next)),
                Arguments.of("another option value", changed(good, 20 + 31, 36)),
                Arguments.of("another acknowledgment", changed(good, 20 + 11, 36)),
                Arguments.of("another window", changed(good, 20 + 15, 36)),
                Arguments.of("another port", changed(good, 20 + 1, 36)),
                Arguments.of("another destination", changed(good, 19, 36)),
                Arguments.of("another TTL", changed(good, 8, -1)),
                Arguments.of("another DSCP", changed(good, 1, -1)),
                Arguments.of("a fragment", changed(good, 7, -1)),
                Arguments.of("a corrupt payload", changed(good, good.length - 1, -1)),
                Arguments.of("the other family", tcp(6, 32, 2_000, ACK, next)),
                Arguments.of("UDP", udp(4, MSS)));
    }

    /** Proves that the strangers above are refused for what is strange about them. */
    @Test
    void appendsThePacketThatTheyDifferFrom() {
        assertThat(offer(tcp(4, 32, 1_000, ACK, PacketBuilder.payload(MSS)))).isTrue();
        byte[] good = tcp(4, 32, 1_000 + MSS, ACK, PacketBuilder.payload(MSS));
        assertThat(offer(good)).isTrue();
        assertThat(finish().byteSize()).isEqualTo(VirtioNetHeader.BYTES + good.length + MSS);
    }

    @Test
    void endsAtAShortPacketAndAtPush() {
        offer(tcp(4, 20, 0, ACK, PacketBuilder.payload(MSS)));
        offer(tcp(4, 20, MSS, ACK, PacketBuilder.payload(10)));
        assertThat(payloads(20)).containsExactly(MSS + 10);
        offer(tcp(4, 20, MSS + 10, ACK | TcpHeader.PSH, PacketBuilder.payload(MSS)));
        assertThat(payloads(20)).containsExactly(MSS + 10, MSS);
    }

    @Test
    void keepsSeveralFlowsApartAndTogether() {
        for (int i = 0; i < 3; i++) {
            for (int port = 1; port <= 5; port++) {
                offer(stream(port, i));
            }
        }
        coalescer.flush();

        assertThat(payloads(20)).containsOnly(3 * MSS).hasSize(5);
    }

    @Test
    void writesTheOldestWhenThereAreTooManyFlows() {
        for (int port = 1; port <= 17; port++) {
            offer(stream(port, 0));
        }

        assertThat(written).hasSize(1);
        assertThat(port(written.getFirst())).isEqualTo(1);
        coalescer.flush();
        assertThat(written).extracting(CoalescerTest::port).isSorted().hasSize(17);
    }

    @Test
    void nothingOvertakesInAFlow() {
        offer(stream(1, 0));
        offer(stream(2, 0));

        assertThat(offer(tcp(4, 20, MSS, ACK | TcpHeader.FIN, new byte[0]))).isFalse();
        assertThat(written).as("another flow's FIN").isEmpty();
        byte[] fin = stream(2, 1);
        fin[20 + 13] |= TcpHeader.FIN;
        mend(fin, 36);
        assertThat(offer(fin)).isFalse();

        assertThat(written).extracting(CoalescerTest::port).containsExactly(2);
    }

    @Test
    void whatHasNoPortsOvertakesNothing() {
        offer(stream(1, 0));
        offer(stream(2, 0));
        byte[] fragment = stream(3, 0);
        fragment[7] = 1;
        mendNetwork(fragment);

        assertThat(offer(fragment)).isFalse();

        assertThat(written).hasSize(2);
    }

    @Test
    void leavesASuperPacketAsItIs() {
        byte[] large = tcp(4, 20, 0, ACK, PacketBuilder.payload(MTU));

        assertThat(offer(large)).isFalse();
    }

    @Test
    void takesASeedForAGoodChecksum() {
        byte[] first = seeded(stream(1, 0));
        byte[] second = seeded(stream(1, 1));

        assertThat(offer(first)).isTrue();
        assertThat(offer(second)).isTrue();
        coalescer.flush();

        assertThat(payloads(20)).containsExactly(2 * MSS);
    }

    /** Whoever cuts the super-packet counts up: a packet that may be fragmented needs its own. */
    @ParameterizedTest
    @CsvSource({"0x00, 1, true", "0x00, 2, false", "0x40, 7, true"})
    void identificationsMustCountUpUnlessTheyMeanNothing(String flags, int step, boolean together) {
        byte[] first = stream(1, 0);
        byte[] second = stream(1, 1);
        first[6] = Byte.decode(flags);
        second[6] = Byte.decode(flags);
        second[4] = first[4];
        second[5] = (byte) (first[5] + step);

        offer(mendNetwork(first));
        offer(mendNetwork(second));
        coalescer.flush();

        assertThat(payloads(20)).hasSize(together ? 1 : 2);
    }

    @Test
    void doesNotBeginWithACorruptPacket() {
        byte[] packet = tcp(4, 20, 0, ACK, PacketBuilder.payload(MSS));
        packet[packet.length - 1] ^= 1;

        assertThat(offer(packet)).isFalse();
    }

    @Test
    void doesNotBeginWithACorruptNetworkHeader() {
        byte[] packet = stream(1, 0);
        packet[8] ^= 1;

        assertThat(offer(packet)).isFalse();
    }

    @Test
    void doesNotBeginWithADatagramWithoutChecksum() {
        byte[] packet = udp(4, 100);
        packet[26] = 0;
        packet[27] = 0;

        assertThat(offer(packet)).isFalse();
    }

    /** Flips a bit and, unless {@code checksum} is negative, mends the checksum there. */
    private static byte[] changed(byte[] packet, int at, int checksum) {
        byte[] result = packet.clone();
        result[at] ^= 1;
        if (checksum >= 0) {
            mend(result, checksum);
        }
        return mendNetwork(result);
    }

    private static byte[] mendNetwork(byte[] packet) {
        if (packet[0] >> 4 == 4) {
            MemorySegment memory = MemorySegment.ofArray(packet);
            NetworkOrder.u16(memory, Ipv4Header.CHECKSUM_OFFSET, 0);
            long sum = InternetChecksum.sum(memory, 0, Ipv4Header.MIN_BYTES, 0);
            InternetChecksum.store(memory, Ipv4Header.CHECKSUM_OFFSET, sum);
        }
        return packet;
    }

    private static void mend(byte[] packet, int checksum) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        NetworkOrder.u16(memory, checksum, 0);
        IpPacket parsed = new IpPacket();
        assertThat(parsed.parse(memory, 0, packet.length)).isTrue();
        int length = parsed.transportLength();
        long sum = parsed.pseudoHeaderSum(length);
        InternetChecksum.store(
                memory, checksum, InternetChecksum.sum(memory, parsed.transport(), length, sum));
        assertThat(parsed.transportChecksumHolds()).isTrue();
    }

    private boolean offer(byte[] bytes) {
        return coalescer.offer(parse(bytes), "peer", MTU);
    }

    private void write(SuperPacket<String> packet) {
        assertThat(packet.owner()).isEqualTo("peer");
        written.add(NativeBytes.gather(packet.finish()));
    }

    /** The only thing written. */
    private MemorySegment finish() {
        coalescer.flush();
        assertThat(written).hasSize(1);
        return MemorySegment.ofArray(written.removeFirst());
    }

    /** Payload bytes of each thing written, of IPv4 with TCP headers of this length. */
    private List<Integer> payloads(int header) {
        return written.stream()
                .map(each -> each.length - VirtioNetHeader.BYTES - 20 - header)
                .toList();
    }

    private static int port(byte[] packet) {
        return packet[VirtioNetHeader.BYTES + 21];
    }

    /** Packet {@code number} of the flow from this port. */
    private static byte[] stream(int port, int number) {
        byte[] packet = tcp(4, 20, number * MSS, ACK, PacketBuilder.payload(MSS));
        packet[20] = 0;
        packet[21] = (byte) port;
        packet[5] = (byte) number;
        mend(packet, 36);
        return mendNetwork(packet);
    }

    private static byte[] seeded(byte[] packet) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        IpPacket parsed = new IpPacket();
        assertThat(parsed.parse(memory, 0, packet.length)).isTrue();
        InternetChecksum.storeSeed(memory, 36, parsed.pseudoHeaderSum(parsed.transportLength()));
        return packet;
    }

    private static byte[] tcp(int version, int header, int sequence, int flags, byte[] payload) {
        return PacketBuilder.ip(version).tcp(header, sequence, flags, payload).build();
    }

    private static byte[] udp(int version, int size) {
        return PacketBuilder.ip(version).udp(PacketBuilder.payload(size)).build();
    }

    private static IpPacket parse(byte[] bytes) {
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(NativeBytes.copy(bytes), 0, bytes.length)).isTrue();
        return packet;
    }
}
