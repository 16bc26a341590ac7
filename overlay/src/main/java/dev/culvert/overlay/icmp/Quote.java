package dev.culvert.overlay.icmp;

import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.TcpHeader;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.MemorySegment;

/** The beginning of a packet inside an ICMP error. Stateless. */
final class Quote {
    private Quote() {}

    /**
     * Copies as much of the packet as fits between {@code start} and {@code end}.
     *
     * @param gsoSize payload bytes of each segment of a super-packet, else 0
     * @return the bytes copied
     */
    static int write(IpPacket packet, int gsoSize, MemorySegment memory, long start, long end) {
        int length = gsoSize == 0 ? packet.totalLength() : firstSegment(packet, gsoSize);
        int quoted = (int) Math.min(length, end - start);
        MemorySegment.copy(packet.memory(), packet.offset(), memory, start, quoted);
        if (length != packet.totalLength()) {
            writeLength(packet, length, memory, start, quoted);
        }
        return quoted;
    }

    private static int firstSegment(IpPacket packet, int gsoSize) {
        int transport =
                switch (packet.protocol()) {
                    case TcpHeader.PROTOCOL -> packet.tcpHeaderLength();
                    case UdpHeader.PROTOCOL -> UdpHeader.BYTES;
                    default -> 0;
                };
        return Math.min(packet.totalLength(), packet.headerLength() + transport + gsoSize);
    }

    private static void writeLength(
            IpPacket packet, int length, MemorySegment memory, long start, int quoted) {
        if (packet.isIpv4()) {
            long checksum = start + Ipv4Header.CHECKSUM_OFFSET;
            NetworkOrder.u16(memory, start + Ipv4Header.LENGTH_OFFSET, length);
            NetworkOrder.u16(memory, checksum, 0);
            long sum = InternetChecksum.sum(memory, start, packet.headerLength(), 0);
            InternetChecksum.store(memory, checksum, sum);
        } else {
            NetworkOrder.u16(memory, start + Ipv6Header.LENGTH_OFFSET, length - Ipv6Header.BYTES);
        }
        int header = packet.headerLength();
        if (packet.protocol() == UdpHeader.PROTOCOL && header + UdpHeader.BYTES <= quoted) {
            NetworkOrder.u16(memory, start + header + UdpHeader.LENGTH_OFFSET, length - header);
        }
    }
}
