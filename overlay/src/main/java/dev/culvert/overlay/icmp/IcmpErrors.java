package dev.culvert.overlay.icmp;

import dev.culvert.net.IpFamily;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/**
 * Writes the ICMP errors of one event loop, each behind a virtio-net header in the same fixed
 * memory, so that one write to the TUN device hands it to the kernel, which routes it to the
 * sender. No allocation, no lock; at most {@value #PER_SECOND} a second after a burst of {@value
 * #BURST}.
 *
 * <p>About a super-packet the error says what one about its first segment would say: quoted with
 * that segment's length. The transport checksum is quoted as it stands. A sender finds its socket
 * by addresses, ports and sequence number, which are the first segment's anyway.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc792">RFC 792</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc1191#section-4">RFC 1191, section 4</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4443#section-3">RFC 4443, section 3</a>
 */
public final class IcmpErrors {
    /** Errors a second, in the long run. */
    public static final int PER_SECOND = 100;

    /** Errors at once. */
    public static final int BURST = 50;

    /** RFC 1812, section 4.3.2.3: an error has at most this size, headers included. */
    private static final int IPV4_MOST_BYTES = 576;

    /** RFC 4443, section 3: an error fits the least MTU that a link may have. */
    private static final int IPV6_MOST_BYTES = 1280;

    private static final int ICMP_BYTES = 8;
    private static final int ICMP_CHECKSUM_OFFSET = 2;
    private static final int ICMP_REST_OFFSET = 4;
    private static final int IPV4_UNREACHABLE = 3;
    private static final int IPV4_NET = 0;
    private static final int IPV4_FRAGMENTATION_NEEDED = 4;
    private static final int IPV6_UNREACHABLE = 1;
    private static final int IPV6_NO_ROUTE = 0;
    private static final int IPV6_TOO_BIG = 2;
    private static final int TIME_TO_LIVE = 64;

    /** RFC 1812, section 4.3.2.5: errors travel as "internetwork control". */
    private static final int IPV4_TYPE_OF_SERVICE = 0xc0;

    private static final int START = VirtioNetHeader.BYTES;

    private final MemorySegment memory = Arena.ofAuto().allocate(START + IPV6_MOST_BYTES, 64);
    private final MemorySegment ipv4Source = MemorySegment.ofArray(new byte[4]);
    private final MemorySegment ipv6Source = MemorySegment.ofArray(new byte[16]);
    private final TokenBucket budget = new TokenBucket(PER_SECOND, BURST);
    private boolean answersIpv4;
    private boolean answersIpv6;

    /**
     * @param routerAddresses addresses of this node that the errors come from, at most one of each
     *     family; about packets of a family without one there are no errors
     */
    public IcmpErrors(InetAddress... routerAddresses) {
        VirtioNetHeader.writePlain(memory, 0);
        for (InetAddress each : routerAddresses) {
            boolean ipv4 = IpFamily.of(each) == IpFamily.IPV4;
            if (ipv4 ? answersIpv4 : answersIpv6) {
                throw new IllegalArgumentException(
                        "one router address of each family is enough: " + each.getHostAddress());
            }
            (ipv4 ? ipv4Source : ipv6Source).copyFrom(MemorySegment.ofArray(each.getAddress()));
            answersIpv4 |= ipv4;
            answersIpv6 |= !ipv4;
        }
    }

    /** What to write to the TUN device: as many bytes from the beginning as the writer returned. */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Writes "fragmentation needed" or "packet too big".
     *
     * @param packet what does not fit; an IPv4 packet that may be fragmented is not answered
     * @param gsoSize payload bytes of each segment of a super-packet, else 0
     * @param mtu bytes of the largest packet that would fit
     * @param nanos the time, as from {@link System#nanoTime}
     * @return bytes to write, the virtio-net header included, or 0 for none
     */
    public int tooBig(IpPacket packet, int gsoSize, int mtu, long nanos) {
        if (!packet.isIpv4()) {
            return write(packet, gsoSize, IPV6_TOO_BIG, 0, mtu, nanos);
        }
        int flags = NetworkOrder.u16(packet.memory(), packet.offset() + Ipv4Header.FRAGMENT_OFFSET);
        return (flags & Ipv4Header.DONT_FRAGMENT) == 0
                ? 0
                : write(
                        packet,
                        gsoSize,
                        IPV4_UNREACHABLE,
                        IPV4_FRAGMENTATION_NEEDED,
                        mtu & 0xffff,
                        nanos);
    }

    /**
     * Writes "net unreachable" or "no route to destination".
     *
     * @param packet what nobody takes
     * @param gsoSize as for {@link #tooBig}
     * @param nanos the time, as from {@link System#nanoTime}
     * @return bytes to write, the virtio-net header included, or 0 for none
     */
    public int unreachable(IpPacket packet, int gsoSize, long nanos) {
        return packet.isIpv4()
                ? write(packet, gsoSize, IPV4_UNREACHABLE, IPV4_NET, 0, nanos)
                : write(packet, gsoSize, IPV6_UNREACHABLE, IPV6_NO_ROUTE, 0, nanos);
    }

    private int write(IpPacket packet, int gsoSize, int type, int code, int rest, long nanos) {
        boolean ipv4 = packet.isIpv4();
        if (!(ipv4 ? answersIpv4 : answersIpv6)
                || !AnswerRules.permit(packet)
                || !budget.take(nanos)) {
            return 0;
        }
        int icmp = START + (ipv4 ? Ipv4Header.MIN_BYTES : Ipv6Header.BYTES);
        int most = START + (ipv4 ? IPV4_MOST_BYTES : IPV6_MOST_BYTES);
        int quoted = Quote.write(packet, gsoSize, memory, icmp + ICMP_BYTES, most);
        NetworkOrder.u8(memory, icmp, type);
        NetworkOrder.u8(memory, icmp + 1, code);
        NetworkOrder.u16(memory, icmp + ICMP_CHECKSUM_OFFSET, 0);
        NetworkOrder.i32(memory, icmp + ICMP_REST_OFFSET, rest);
        int message = ICMP_BYTES + quoted;
        long sum = ipv4 ? writeIpv4(packet, message) : writeIpv6(packet, message);
        InternetChecksum.store(
                memory,
                icmp + ICMP_CHECKSUM_OFFSET,
                InternetChecksum.sum(memory, icmp, message, sum));
        return icmp + message;
    }

    /** What goes into the ICMP checksum besides the message: nothing. */
    private long writeIpv4(IpPacket packet, int message) {
        NetworkOrder.u16(memory, START + Ipv4Header.VERSION_OFFSET, 0x4500 | IPV4_TYPE_OF_SERVICE);
        NetworkOrder.u16(memory, START + Ipv4Header.LENGTH_OFFSET, Ipv4Header.MIN_BYTES + message);
        NetworkOrder.u16(memory, START + Ipv4Header.ID_OFFSET, 0);
        NetworkOrder.u16(memory, START + Ipv4Header.FRAGMENT_OFFSET, Ipv4Header.DONT_FRAGMENT);
        NetworkOrder.u8(memory, START + Ipv4Header.TTL_OFFSET, TIME_TO_LIVE);
        NetworkOrder.u8(memory, START + Ipv4Header.PROTOCOL_OFFSET, AnswerRules.ICMPV4);
        NetworkOrder.u16(memory, START + Ipv4Header.CHECKSUM_OFFSET, 0);
        writeAddresses(packet, ipv4Source, Ipv4Header.SOURCE_OFFSET);
        long header = InternetChecksum.sum(memory, START, Ipv4Header.MIN_BYTES, 0);
        InternetChecksum.store(memory, START + Ipv4Header.CHECKSUM_OFFSET, header);
        return 0;
    }

    /** What goes into the ICMP checksum besides the message: the pseudo-header. */
    private long writeIpv6(IpPacket packet, int message) {
        NetworkOrder.i32(memory, START + Ipv6Header.VERSION_OFFSET, 0x6000_0000);
        NetworkOrder.u16(memory, START + Ipv6Header.LENGTH_OFFSET, message);
        NetworkOrder.u8(memory, START + Ipv6Header.NEXT_HEADER_OFFSET, AnswerRules.ICMPV6);
        NetworkOrder.u8(memory, START + Ipv6Header.HOP_LIMIT_OFFSET, TIME_TO_LIVE);
        writeAddresses(packet, ipv6Source, Ipv6Header.SOURCE_OFFSET);
        long sum = InternetChecksum.sum(memory, START + Ipv6Header.SOURCE_OFFSET, 32, 0);
        return InternetChecksum.addNumber(
                InternetChecksum.addNumber(sum, message), AnswerRules.ICMPV6);
    }

    private void writeAddresses(IpPacket packet, MemorySegment router, int sourceOffset) {
        long length = router.byteSize();
        int own = START + sourceOffset;
        MemorySegment.copy(router, 0, memory, own, length);
        MemorySegment.copy(
                packet.memory(), packet.offset() + sourceOffset, memory, own + length, length);
    }
}
