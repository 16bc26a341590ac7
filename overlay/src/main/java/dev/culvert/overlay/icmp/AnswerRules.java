package dev.culvert.overlay.icmp;

import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import java.lang.foreign.MemorySegment;

/**
 * Which packets may be answered by an ICMP error at all: RFC 1122 section 3.2.2, RFC 1812 section
 * 4.3.2.7, RFC 4443 section 2.4(e). In doubt none is sent. Stateless.
 *
 * <p>RFC 4443 would have "packet too big" sent about multicast, too. The overlay carries no
 * multicast, so there is no path whose MTU that could be about.
 */
final class AnswerRules {
    /** {@code IPPROTO_ICMP}. */
    static final int ICMPV4 = 1;

    /** {@code IPPROTO_ICMPV6}. */
    static final int ICMPV6 = 58;

    private static final int IPV4_FRAGMENT_OFFSET_MASK = 0x1fff;
    private static final int IPV6_FRAGMENT_OFFSET_MASK = 0xfff8;
    private static final int LAST_ICMPV4_TYPE = 18;
    private static final int FIRST_ICMPV6_QUERY = 128;
    private static final int ICMPV6_REDIRECT = 137;

    private AnswerRules() {}

    /** Whether an error about the packet may be sent to its source. */
    static boolean permit(IpPacket packet) {
        return packet.isIpv4() ? permitIpv4(packet) : permitIpv6(packet);
    }

    private static boolean permitIpv4(IpPacket packet) {
        MemorySegment memory = packet.memory();
        long at = packet.offset();
        int fragment = NetworkOrder.u16(memory, at + Ipv4Header.FRAGMENT_OFFSET);
        return (fragment & IPV4_FRAGMENT_OFFSET_MASK) == 0
                && isIpv4Host(NetworkOrder.u8(memory, at + Ipv4Header.SOURCE_OFFSET))
                && isIpv4Host(NetworkOrder.u8(memory, at + Ipv4Header.DESTINATION_OFFSET))
                && (packet.protocol() != ICMPV4 || isIcmpv4Query(packet));
    }

    /** "This network", loopback, multicast, class E and broadcast are told by the first byte. */
    private static boolean isIpv4Host(int firstByte) {
        return firstByte != 0 && firstByte != 127 && firstByte < 224;
    }

    private static boolean isIcmpv4Query(IpPacket packet) {
        if (packet.transportLength() < 1) {
            return false;
        }
        int type = NetworkOrder.u8(packet.memory(), packet.transport());
        return switch (type) {
            // unreachable, source quench, redirect, time exceeded, parameter problem
            case 3, 4, 5, 11, 12 -> false;
            default -> type <= LAST_ICMPV4_TYPE;
        };
    }

    private static boolean permitIpv6(IpPacket packet) {
        long at = packet.offset();
        return packet.protocol() >= 0
                && isIpv6Host(packet.memory(), at + Ipv6Header.SOURCE_OFFSET)
                && isIpv6Host(packet.memory(), at + Ipv6Header.DESTINATION_OFFSET)
                && !isLaterIpv6Fragment(packet)
                && (packet.protocol() != ICMPV6 || isIcmpv6Query(packet));
    }

    /** One node's, and reachable from here: not link-local, which nobody forwards. */
    private static boolean isIpv6Host(MemorySegment memory, long at) {
        int start = NetworkOrder.u16(memory, at);
        boolean multicast = start >> 8 == 0xff;
        boolean linkLocal = (start & 0xffc0) == 0xfe80;
        boolean unspecifiedOrLoopback =
                NetworkOrder.i64(memory, at) == 0 && NetworkOrder.i64(memory, at + 8) >>> 1 == 0;
        return !multicast && !linkLocal && !unspecifiedOrLoopback;
    }

    /** The way to the fragment header is the one that the packet's view has checked. */
    private static boolean isLaterIpv6Fragment(IpPacket packet) {
        if (!packet.isFragment()) {
            return false;
        }
        MemorySegment memory = packet.memory();
        int header = NetworkOrder.u8(memory, packet.offset() + Ipv6Header.NEXT_HEADER_OFFSET);
        long at = packet.offset() + Ipv6Header.BYTES;
        while (header != Ipv6Header.FRAGMENT) {
            header = NetworkOrder.u8(memory, at);
            at += (NetworkOrder.u8(memory, at + 1) + 1) * 8L;
        }
        return (NetworkOrder.u16(memory, at + 2) & IPV6_FRAGMENT_OFFSET_MASK) != 0;
    }

    private static boolean isIcmpv6Query(IpPacket packet) {
        if (packet.transportLength() < 1) {
            return false;
        }
        int type = NetworkOrder.u8(packet.memory(), packet.transport());
        return type >= FIRST_ICMPV6_QUERY && type != ICMPV6_REDIRECT;
    }
}
