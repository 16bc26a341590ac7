package dev.culvert.overlay.model;

import java.util.Arrays;
import java.util.List;

/**
 * Which packets the kernel's receive offload puts together: those that its segmentation would make
 * of one super-packet again. Stateless.
 *
 * @see <a href="https://docs.kernel.org/networking/segmentation-offloads.html">Segmentation
 *     offloads, "Generic Receive Offload"</a>
 */
public final class ModelGro {
    private static final int FIN = 0x01;
    private static final int SYN = 0x02;
    private static final int RST = 0x04;
    private static final int PSH = 0x08;
    private static final int URG = 0x20;
    private static final int CWR = 0x80;
    private static final int MAX_DATAGRAMS = 64;

    private ModelGro() {}

    /** Whether {@code next} may go behind these, which are together already. */
    public static boolean joins(List<ModelPacket> held, ModelPacket next) {
        ModelPacket first = held.getFirst();
        if (!mayJoin(next) || !mayJoin(first) || !first.flow().equals(next.flow())) {
            return false;
        }
        if (held.stream().mapToInt(ModelPacket::payloadLength).sum() + next.bytes().length
                > 65_535) {
            return false;
        }
        return sameNetwork(held, next)
                && (first.isTcp() ? joinsTcp(held, next) : joinsUdp(held, next));
    }

    private static boolean mayJoin(ModelPacket packet) {
        if (packet.isFragment() || !packet.networkChecksumHolds()) {
            return false;
        }
        if (packet.isIpv4() && packet.headerLength() != 20) {
            return false;
        }
        if (packet.isUdp()) {
            int length = packet.bytes().length - packet.headerLength();
            return packet.transport16(4) == length
                    && length > 8
                    && packet.transport16(6) != 0
                    && packet.transportChecksumHolds();
        }
        return packet.isTcp() && packet.payloadLength() > 0 && packet.transportChecksumHolds();
    }

    private static boolean sameNetwork(List<ModelPacket> held, ModelPacket next) {
        byte[] a = held.getFirst().bytes();
        byte[] b = next.bytes();
        int headerLength = next.headerLength();
        if (held.getFirst().headerLength() != headerLength) {
            return false;
        }
        if (next.isIpv4()) {
            return Octets.u8(a, 1) == Octets.u8(b, 1)
                    && Octets.u16(a, 6) == Octets.u16(b, 6)
                    && Octets.u8(a, 8) == Octets.u8(b, 8)
                    && identificationFits(held, next);
        }
        return Octets.i32(a, 0) == Octets.i32(b, 0)
                && Octets.u16(a, 6) == Octets.u16(b, 6)
                && Arrays.equals(a, 40, headerLength, b, 40, headerLength);
    }

    /** One more each time; what routers never fragment may say anything (RFC 6864). */
    private static boolean identificationFits(List<ModelPacket> held, ModelPacket next) {
        int expected = held.getFirst().identification() + held.size();
        return next.mayNotBeFragmented() || next.identification() == (expected & 0xffff);
    }

    private static boolean joinsTcp(List<ModelPacket> held, ModelPacket next) {
        ModelPacket first = held.getFirst();
        ModelPacket last = held.getLast();
        int ends = FIN | SYN | RST | PSH | URG;
        int ignored = FIN | PSH;
        int flags = first.transport16(12) ^ next.transport16(12);
        return (last.tcpFlags() & ends) == 0
                && (next.tcpFlags() & (SYN | RST | URG)) == 0
                && (next.tcpFlags() & CWR) == 0
                && (flags & ~ignored & ~CWR) == 0
                && first.transport32(8) == next.transport32(8)
                && first.transport16(14) == next.transport16(14)
                && sameOptions(first, next)
                && last.transport32(4) + last.payloadLength() == next.transport32(4)
                && last.payloadLength() == first.payloadLength()
                && next.payloadLength() <= first.payloadLength();
    }

    private static boolean sameOptions(ModelPacket a, ModelPacket b) {
        return Arrays.equals(
                a.bytes(),
                a.headerLength() + 18,
                a.headersLength(),
                b.bytes(),
                b.headerLength() + 18,
                b.headersLength());
    }

    private static boolean joinsUdp(List<ModelPacket> held, ModelPacket next) {
        int size = held.getFirst().payloadLength();
        return held.size() < MAX_DATAGRAMS
                && held.getLast().payloadLength() == size
                && next.payloadLength() <= size;
    }
}
