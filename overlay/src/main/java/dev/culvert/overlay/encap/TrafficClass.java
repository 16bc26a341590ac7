package dev.culvert.overlay.encap;

import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import java.lang.foreign.MemorySegment;

/**
 * Priority and congestion marks (the TOS byte of IPv4, the traffic class of IPv6) across the
 * tunnel, so that ECN works between pods as if there were none. Stateless, any thread.
 *
 * <p>{@link #decapsulate} gives what Linux gives ({@code INET_ECN_decapsulate} in {@code
 * net/inet_ecn.h}) for all 16 combinations, except that nothing is logged for those that the RFC
 * calls suspicious. {@link #outer} differs in one: where the inner packet carries CE, Linux sends
 * ECT(0) outside, as RFC 3168 had it, and RFC 6040 has CE copied. A receiver restores CE from
 * either.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6040#section-4">RFC 6040, section 4</a>
 */
public final class TrafficClass {
    /** The two bits of ECN. */
    public static final int ECN_MASK = 3;

    private static final int NOT_ECT = 0;
    private static final int ECT_1 = 1;
    private static final int ECT_0 = 2;
    private static final int CE = 3;

    private TrafficClass() {}

    /** The whole byte of a packet: DSCP and ECN. */
    public static int of(IpPacket packet) {
        MemorySegment memory = packet.memory();
        long offset = packet.offset();
        return packet.isIpv4()
                ? NetworkOrder.u8(memory, offset + Ipv4Header.TOS_OFFSET)
                : (NetworkOrder.u16(memory, offset + Ipv6Header.VERSION_OFFSET) >> 4) & 0xff;
    }

    /** The byte for the outer header of a packet: "normal mode" of RFC 6040, section 4.1. */
    public static int outer(IpPacket inner, OuterDscp dscp) {
        int all = of(inner);
        return dscp == OuterDscp.INHERIT ? all : all & ECN_MASK;
    }

    /**
     * Brings the outer mark into the inner packet, in place (figure 4 of RFC 6040).
     *
     * @param inner the packet; its IPv4 header checksum follows the change
     * @param outer the byte of the outer header
     * @return false if the packet must be dropped: the network signalled congestion by a mark that
     *     the sender of the inner packet does not understand
     */
    public static boolean decapsulate(IpPacket inner, int outer) {
        int mark = outer & ECN_MASK;
        if (mark != ECT_1 && mark != CE) {
            return true;
        }
        int all = of(inner);
        int ecn = all & ECN_MASK;
        if (ecn == NOT_ECT) {
            return mark != CE;
        }
        if (ecn != mark && (mark == CE || ecn == ECT_0)) {
            mark(inner, all, mark);
        }
        return true;
    }

    private static void mark(IpPacket packet, int all, int mark) {
        MemorySegment memory = packet.memory();
        long at = packet.offset();
        int before = NetworkOrder.u16(memory, at);
        int change = (all & ECN_MASK) ^ mark;
        if (packet.isIpv4()) {
            NetworkOrder.u16(memory, at, before ^ change);
            updateChecksum(memory, at + Ipv4Header.CHECKSUM_OFFSET, before, before ^ change);
        } else {
            NetworkOrder.u16(memory, at, before ^ (change << 4));
        }
    }

    /** RFC 1624, equation 3: by the difference, so that a wrong checksum stays wrong. */
    private static void updateChecksum(MemorySegment memory, long field, int before, int after) {
        int old = NetworkOrder.u16(memory, field);
        long sum = InternetChecksum.addNumber(0, ~old);
        sum = InternetChecksum.addNumber(sum, ~before);
        InternetChecksum.store(memory, field, InternetChecksum.addNumber(sum, after));
    }
}
