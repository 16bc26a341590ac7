package dev.culvert.overlay.model;

import java.util.Arrays;

/**
 * What a receiver makes of checksums that were left to it. Stateless.
 *
 * @see <a href="https://datatracker.ietf.org/doc/html/draft-herbert-vxlan-rco-00">Remote checksum
 *     offload for VXLAN</a>
 */
public final class ModelReceiver {
    private static final int VXLAN_BYTES = 8;
    private static final int ETHERNET_BYTES = 14;
    private static final int MARK = 0x20;

    private ModelReceiver() {}

    /** Whether a frame that begins with a VXLAN header says that its checksum is to be finished. */
    public static boolean isMarked(byte[] frame) {
        return (frame[1] & MARK) != 0;
    }

    /** The packet in such a frame, with the checksum finished at the place that the mark says. */
    public static byte[] finished(byte[] frame) {
        int last = Octets.u8(frame, VXLAN_BYTES - 1);
        int start = VXLAN_BYTES + 2 * (last & 0x7f);
        boolean udp = (last & 0x80) != 0;
        byte[] result = frame.clone();
        finish(result, start, udp);
        return Arrays.copyOfRange(result, VXLAN_BYTES + ETHERNET_BYTES, result.length);
    }

    /** The packet as its sender's stack left it to a device: the checksum holds only the seed. */
    public static byte[] seeded(byte[] bytes) {
        ModelPacket packet = ModelPacket.of(bytes);
        byte[] result = bytes.clone();
        if (canBeSeeded(packet)) {
            Octets.put16(result, packet.headerLength() + field(packet), seed(packet));
        }
        return result;
    }

    /** What a stack reads that takes a seed for a checksum still to be finished. */
    public static byte[] read(byte[] bytes) {
        ModelPacket packet = ModelPacket.of(bytes);
        byte[] result = packet.bytes().clone();
        boolean has = packet.isTcp() || packet.isUdp();
        if (has && packet.transport16(field(packet)) == seed(packet)) {
            finish(result, packet.headerLength(), packet.isUdp());
        }
        return result;
    }

    private static boolean canBeSeeded(ModelPacket packet) {
        return (packet.isTcp() || packet.isUdp()) && packet.transportChecksumHolds();
    }

    private static int field(ModelPacket packet) {
        return packet.isUdp() ? 6 : 16;
    }

    private static int seed(ModelPacket packet) {
        return packet.pseudoHeaderSum(packet.bytes().length - packet.headerLength());
    }

    private static void finish(byte[] bytes, int start, boolean udp) {
        int checksum = ~Octets.sum(bytes, start, bytes.length - start, 0) & 0xffff;
        Octets.put16(bytes, start + (udp ? 6 : 16), udp && checksum == 0 ? 0xffff : checksum);
    }
}
