package dev.culvert.agent.capture;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a packet that stands for several UDP datagrams into those that are on the wire. Stateless.
 */
final class Datagrams {
    private static final int UDP_BYTES = 8;
    private static final int IPV6_BYTES = 40;

    private Datagrams() {}

    /**
     * The datagrams, with lengths and the IPv4 header's checksum as on the wire; the UDP checksum
     * is left to the network card, and so is what it says here.
     *
     * @param size payload bytes of each but the last
     */
    static List<byte[]> of(byte[] packet, int size) {
        PacketView view = PacketView.of(packet, 0);
        if (size == 0 || view == null || view.protocol() != PacketView.UDP) {
            return List.of(packet);
        }
        int header = view.payload() + UDP_BYTES;
        List<byte[]> parts = new ArrayList<>();
        for (int at = header; at < packet.length; at += size) {
            int length = Math.min(size, packet.length - at);
            byte[] part = Arrays.copyOf(packet, header + length);
            System.arraycopy(packet, at, part, header, length);
            correct(part, view.payload(), length + UDP_BYTES);
            parts.add(part);
        }
        return parts;
    }

    private static void correct(byte[] part, int udp, int length) {
        ByteBuffer fields = ByteBuffer.wrap(part);
        fields.putShort(udp + 4, (short) length);
        if (udp == IPV6_BYTES) {
            fields.putShort(4, (short) length);
            return;
        }
        fields.putShort(2, (short) part.length).putShort(10, (short) 0);
        int sum = 0;
        for (int at = 0; at < udp; at += 2) {
            sum += fields.getShort(at) & 0xffff;
        }
        int folded = (sum & 0xffff) + (sum >>> 16);
        fields.putShort(10, (short) ~(folded + (folded >>> 16)));
    }
}
