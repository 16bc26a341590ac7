package dev.culvert.overlay.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * A super-packet as the kernel hands it over, with its virtio-net header: any headers that the
 * kernel cuts behind, and a checksum that is only seeded.
 *
 * @param ipv4 or IPv6
 * @param tcp or UDP
 * @param networkOptions 32-bit words of IPv4 options, or 64-bit words of an IPv6 extension header
 * @param tcpOptions 32-bit words of TCP options
 * @param flags TCP flags, reserved ones in the upper byte
 * @param payload bytes of payload
 * @param size payload bytes of each segment
 * @param seed for everything else
 */
public record SuperPacket(
        boolean ipv4,
        boolean tcp,
        int networkOptions,
        int tcpOptions,
        int flags,
        int payload,
        int size,
        long seed) {
    private static final int VIRTIO = ModelSegmenter.VIRTIO_BYTES;

    /** Any of them. */
    public static Arbitrary<SuperPacket> any() {
        Arbitrary<Boolean> either = Arbitraries.of(true, false);
        Arbitrary<Integer> options = Arbitraries.integers().between(0, 10);
        return Combinators.combine(
                        either,
                        either,
                        options,
                        options,
                        Arbitraries.integers().between(0, 0xfff),
                        Arbitraries.integers().between(0, 65_300),
                        Arbitraries.oneOf(
                                Arbitraries.integers().between(30, 1500),
                                Arbitraries.integers().between(1, 65_535)),
                        Arbitraries.longs())
                .as(SuperPacket::new)
                .filter(each -> each.packetLength() <= 65_535);
    }

    private int packetLength() {
        return networkLength() + transportLength() + payload;
    }

    private int networkLength() {
        return ipv4 ? 20 + 4 * networkOptions : 40 + 8 * networkOptions;
    }

    private int transportLength() {
        return tcp ? 20 + 4 * tcpOptions : 8;
    }

    /** The virtio-net header and the packet. */
    public byte[] bytes() {
        Random random = new Random(seed);
        byte[] packet = new byte[packetLength()];
        random.nextBytes(packet);
        if (ipv4) {
            writeIpv4(packet);
        } else {
            writeIpv6(packet);
        }
        writeTransport(packet, networkLength());
        byte[] result = Arrays.copyOf(virtio(), VIRTIO + packet.length);
        System.arraycopy(packet, 0, result, VIRTIO, packet.length);
        return result;
    }

    private byte[] virtio() {
        int type = !tcp ? 5 : ipv4 ? 1 : 4;
        int ecn = tcp && (flags & 0x80) != 0 ? 0x80 : 0;
        ByteBuffer buffer = ByteBuffer.allocate(VIRTIO).order(ByteOrder.nativeOrder());
        buffer.put((byte) 1).put((byte) (type | ecn));
        buffer.putShort((short) (networkLength() + transportLength())).putShort((short) size);
        return buffer.putShort((short) networkLength()).putShort((short) (tcp ? 16 : 6)).array();
    }

    private void writeIpv4(byte[] packet) {
        Octets.put8(packet, 0, 0x40 | (networkLength() / 4));
        Octets.put16(packet, 2, packet.length);
        Octets.put16(packet, 6, seed % 2 == 0 ? 0x4000 : 0);
        Octets.put8(packet, 9, tcp ? ModelPacket.TCP : ModelPacket.UDP);
        Octets.put16(packet, 10, 0);
        Octets.put16(packet, 10, ~Octets.sum(packet, 0, networkLength(), 0));
    }

    private void writeIpv6(byte[] packet) {
        int transport = tcp ? ModelPacket.TCP : ModelPacket.UDP;
        Octets.put8(packet, 0, 0x60 | (packet[0] & 15));
        Octets.put16(packet, 4, packet.length - 40);
        Octets.put8(packet, 6, networkOptions > 0 ? 60 : transport);
        if (networkOptions > 0) {
            Octets.put8(packet, 40, transport);
            Octets.put8(packet, 41, networkOptions - 1);
        }
    }

    private void writeTransport(byte[] packet, int at) {
        int length = packet.length - at;
        if (tcp) {
            Octets.put8(packet, at + 12, ((transportLength() / 4) << 4) | (flags >> 8));
            Octets.put8(packet, at + 13, flags);
        } else {
            Octets.put16(packet, at + 4, length);
        }
        Octets.put16(packet, at + (tcp ? 16 : 6), ModelPacket.of(packet).pseudoHeaderSum(length));
    }

    /** For the message of a failing test. */
    public static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 140)) + " " + bytes.length;
    }
}
