package dev.culvert.overlay.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the kernel makes of one write to a TUN device with a virtio-net header, down to the packets
 * that would cross a wire. Fails where the header and the packet contradict each other.
 *
 * @see <a href="https://docs.kernel.org/networking/segmentation-offloads.html">Segmentation
 *     offloads</a>
 */
public final class ModelSegmenter {
    /** Bytes of the virtio-net header. */
    public static final int VIRTIO_BYTES = 10;

    private static final int NEEDS_CHECKSUM = 1;
    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;
    private static final int ECN = 0x80;
    private static final int TCP4 = 1;
    private static final int TCP6 = 4;
    private static final int UDP = 5;

    private ModelSegmenter() {}

    /** What the virtio-net header in front of {@code written} says. */
    private record Virtio(int flags, int type, int headers, int size, int start, int field) {
        static Virtio of(byte[] written) {
            ByteBuffer buffer = ByteBuffer.wrap(written).order(ByteOrder.nativeOrder());
            return new Virtio(
                    buffer.get(0),
                    buffer.get(1) & 0xff & ~ECN,
                    buffer.getShort(2) & 0xffff,
                    buffer.getShort(4) & 0xffff,
                    buffer.getShort(6) & 0xffff,
                    buffer.getShort(8) & 0xffff);
        }

        boolean needsChecksum() {
            return (flags & NEEDS_CHECKSUM) != 0;
        }
    }

    /** The packets that a virtio-net header and what follows it stand for. */
    public static List<byte[]> cut(byte[] written) {
        Virtio virtio = Virtio.of(written);
        byte[] bytes = Arrays.copyOfRange(written, VIRTIO_BYTES, written.length);
        if (virtio.type() == 0) {
            return List.of(virtio.needsChecksum() ? completed(bytes, virtio) : bytes);
        }
        ModelPacket whole = ModelPacket.of(bytes);
        check(virtio, whole, bytes.length);
        int payload = whole.payloadLength();
        int count = Math.max(1, (payload + virtio.size() - 1) / virtio.size());
        List<byte[]> result = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            result.add(segment(whole, i, virtio.size(), i == count - 1));
        }
        return result;
    }

    private static byte[] completed(byte[] bytes, Virtio virtio) {
        int start = virtio.start();
        int at = start + virtio.field();
        assertThat(at + 2).as("end of the checksum field").isLessThanOrEqualTo(bytes.length);
        int checksum = ~Octets.sum(bytes, start, bytes.length - start, 0) & 0xffff;
        boolean udp = ModelPacket.of(bytes).protocol() == ModelPacket.UDP;
        Octets.put16(bytes, at, udp && checksum == 0 ? 0xffff : checksum);
        return bytes;
    }

    /** What the kernel relies on when it cuts. */
    private static void check(Virtio virtio, ModelPacket whole, int length) {
        assertThat(virtio.needsChecksum()).as("a super-packet has a seeded checksum").isTrue();
        assertThat(virtio.type()).as("type").isEqualTo(expectedType(whole));
        assertThat(whole.isFragment()).as("fragment").isFalse();
        assertThat(virtio.size()).as("segment size").isPositive();
        assertThat(virtio.start()).as("start of the sum").isEqualTo(whole.headerLength());
        assertThat(virtio.field()).as("checksum field").isEqualTo(checksumField(whole));
        assertThat(virtio.headers()).as("length of the headers").isEqualTo(whole.headersLength());
        assertThat(whole.bytes()).as("length in the IP header").hasSize(length);
        assertThat(whole.networkChecksumHolds()).as("IPv4 header checksum").isTrue();
        if (whole.isUdp()) {
            assertThat(whole.transport16(4))
                    .as("UDP length")
                    .isEqualTo(length - whole.headerLength());
        }
    }

    private static int expectedType(ModelPacket packet) {
        if (packet.isUdp()) {
            return UDP;
        }
        assertThat(packet.isTcp()).as("TCP, if not UDP").isTrue();
        return packet.isIpv4() ? TCP4 : TCP6;
    }

    private static int checksumField(ModelPacket packet) {
        return packet.isUdp() ? 6 : 16;
    }

    private static byte[] segment(ModelPacket whole, int index, int size, boolean last) {
        int headers = whole.headersLength();
        int from = headers + index * size;
        int length = Math.min(size, whole.bytes().length - from);
        byte[] bytes = Arrays.copyOf(whole.bytes(), headers + length);
        System.arraycopy(whole.bytes(), from, bytes, headers, length);
        int transport = whole.headerLength();
        if (whole.isIpv4()) {
            Octets.put16(bytes, 2, bytes.length);
            Octets.put16(bytes, 4, whole.identification() + index);
            Octets.put16(bytes, 10, 0);
            Octets.put16(bytes, 10, ~Octets.sum(bytes, 0, transport, 0));
        } else {
            Octets.put16(bytes, 4, bytes.length - 40);
        }
        if (whole.isUdp()) {
            Octets.put16(bytes, transport + 4, bytes.length - transport);
        } else {
            writeTcp(bytes, transport, index * size, index == 0, last);
        }
        writeChecksum(whole, bytes);
        return bytes;
    }

    private static void writeTcp(byte[] bytes, int tcp, int from, boolean first, boolean last) {
        int flags = Octets.u8(bytes, tcp + 13);
        flags &= last ? ~0 : ~FIN_PSH;
        flags &= first ? ~0 : ~CWR;
        Octets.put8(bytes, tcp + 13, flags);
        Octets.put32(bytes, tcp + 4, Octets.i32(bytes, tcp + 4) + from);
    }

    /** From the seed, with the length in it corrected: a wrong seed gives a wrong checksum. */
    private static void writeChecksum(ModelPacket whole, byte[] bytes) {
        int transport = whole.headerLength();
        int at = transport + checksumField(whole);
        int seed = Octets.u16(bytes, at);
        seed = Octets.add(seed, ~(whole.bytes().length - transport));
        seed = Octets.add(seed, bytes.length - transport);
        Octets.put16(bytes, at, seed);
        int checksum = ~Octets.sum(bytes, transport, bytes.length - transport, 0) & 0xffff;
        Octets.put16(bytes, at, whole.isUdp() && checksum == 0 ? 0xffff : checksum);
    }
}
