package dev.culvert.overlay;

import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What is in the frames that a {@link WireNode} sends. */
final class WireNodeFrames {
    private WireNodeFrames() {}

    /** The packet inside. */
    static IpPacket packet(byte[] frame) {
        MemorySegment memory =
                Arena.ofAuto().allocate(frame.length, 8).copyFrom(MemorySegment.ofArray(frame));
        IpPacket packet = new IpPacket();
        if (!packet.parse(memory, WireNode.HEADROOM, frame.length - WireNode.HEADROOM)) {
            throw new AssertionError("no packet inside: " + Arrays.toString(frame));
        }
        return packet;
    }

    /** Whether a UDP datagram is inside; namespaces also send of their own accord. */
    static boolean isDatagram(byte[] frame) {
        return packet(frame).protocol() == UdpHeader.PROTOCOL;
    }

    /** The source port of what is inside. */
    static int sourcePort(byte[] frame) {
        IpPacket packet = packet(frame);
        return NetworkOrder.u16(packet.memory(), packet.transport());
    }

    /** What is inside the datagram inside. */
    static byte[] payload(byte[] frame) {
        int header = packet(frame).headerLength() + UdpHeader.BYTES;
        return Arrays.copyOfRange(frame, WireNode.HEADROOM + header, frame.length);
    }

    /** The flags of the VXLAN header. */
    static int flags(byte[] frame) {
        return NetworkOrder.i32(MemorySegment.ofArray(frame), 0);
    }
}
