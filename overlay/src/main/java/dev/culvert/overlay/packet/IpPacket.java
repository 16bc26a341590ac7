package dev.culvert.overlay.packet;

import java.lang.foreign.MemorySegment;

/**
 * A view of one IP packet of either family: where it is and what its headers say. One event loop
 * has one and points it at packet after packet, so that looking at a packet makes no object.
 *
 * <p>{@link #parse} checks lengths only; what is behind the network header is looked at when it is
 * asked for.
 */
public final class IpPacket {
    private static final int NO_TRANSPORT = -1;

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;
    private int version;
    private int totalLength;
    private int headerLength;
    private int protocol;
    private boolean fragment;

    /**
     * Points it at the packet of at most {@code available} bytes at {@code start}.
     *
     * @return false if there is no whole packet: then nothing else may be asked
     */
    public boolean parse(MemorySegment where, long start, int available) {
        memory = where;
        offset = start;
        if (available < Ipv4Header.MIN_BYTES) {
            return false;
        }
        version = NetworkOrder.u8(where, start) >> 4;
        return switch (version) {
            case 4 -> parseIpv4(available);
            case 6 -> parseIpv6(available);
            default -> false;
        };
    }

    private boolean parseIpv4(int available) {
        headerLength = (NetworkOrder.u8(memory, offset) & 0xf) * 4;
        totalLength = NetworkOrder.u16(memory, offset + Ipv4Header.LENGTH_OFFSET);
        if (headerLength < Ipv4Header.MIN_BYTES
                || totalLength < headerLength
                || totalLength > available) {
            return false;
        }
        protocol = NetworkOrder.u8(memory, offset + Ipv4Header.PROTOCOL_OFFSET);
        fragment =
                (NetworkOrder.u16(memory, offset + Ipv4Header.FRAGMENT_OFFSET)
                                & Ipv4Header.FRAGMENT_MASK)
                        != 0;
        return true;
    }

    private boolean parseIpv6(int available) {
        if (available < Ipv6Header.BYTES) {
            return false;
        }
        totalLength =
                Ipv6Header.BYTES + NetworkOrder.u16(memory, offset + Ipv6Header.LENGTH_OFFSET);
        if (totalLength > available) {
            return false;
        }
        headerLength = Ipv6Header.BYTES;
        protocol = NetworkOrder.u8(memory, offset + Ipv6Header.NEXT_HEADER_OFFSET);
        fragment = false;
        skipExtensionHeaders();
        return true;
    }

    /** RFC 8200 section 4.1; a chain that runs past the end counts as unknown transport. */
    private void skipExtensionHeaders() {
        while (isExtension(protocol)) {
            if (headerLength + 8 > totalLength) {
                protocol = NO_TRANSPORT;
                return;
            }
            long at = offset + headerLength;
            boolean isFragment = protocol == Ipv6Header.FRAGMENT;
            fragment |= isFragment;
            protocol = NetworkOrder.u8(memory, at);
            headerLength += isFragment ? 8 : (NetworkOrder.u8(memory, at + 1) + 1) * 8;
            if (headerLength > totalLength) {
                headerLength = totalLength;
                protocol = NO_TRANSPORT;
            }
        }
    }

    private static boolean isExtension(int header) {
        return header == Ipv6Header.HOP_BY_HOP
                || header == Ipv6Header.ROUTING
                || header == Ipv6Header.FRAGMENT
                || header == Ipv6Header.DESTINATION_OPTIONS;
    }

    /** The memory that it is in. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where its network header begins. */
    public long offset() {
        return offset;
    }

    /** Whether it is IPv4, else IPv6. */
    public boolean isIpv4() {
        return version == 4;
    }

    /** Bytes from the network header to the end, as the header says. */
    public int totalLength() {
        return totalLength;
    }

    /** Bytes of the network header with options or extension headers. */
    public int headerLength() {
        return headerLength;
    }

    /** The transport protocol's number, negative if there is none. */
    public int protocol() {
        return protocol;
    }

    /** Whether it is a fragment, and so must not be looked into. */
    public boolean isFragment() {
        return fragment;
    }

    /** Where the transport header begins. */
    public long transport() {
        return offset + headerLength;
    }

    /** Bytes of transport header and payload. */
    public int transportLength() {
        return totalLength - headerLength;
    }

    /** The {@code ETH_P_} number for it. */
    public int etherType() {
        return isIpv4() ? EthernetHeader.TYPE_IPV4 : EthernetHeader.TYPE_IPV6;
    }

    /** Whether a whole TCP or UDP header is there, with a length that makes sense. */
    public boolean hasPorts() {
        return !fragment
                && (protocol == TcpHeader.PROTOCOL || protocol == UdpHeader.PROTOCOL)
                && transportLength() >= UdpHeader.BYTES;
    }

    /** Bytes of the TCP header with options, or 0 if it makes no sense. */
    public int tcpHeaderLength() {
        if (transportLength() < TcpHeader.MIN_BYTES) {
            return 0;
        }
        int length = (NetworkOrder.u8(memory, transport() + TcpHeader.DATA_OFFSET_OFFSET) >> 4) * 4;
        return length < TcpHeader.MIN_BYTES || length > transportLength() ? 0 : length;
    }

    /** The sum of the pseudo-header for {@code length} bytes of transport header and payload. */
    public long pseudoHeaderSum(int length) {
        long sum =
                isIpv4()
                        ? InternetChecksum.sum(memory, offset + Ipv4Header.SOURCE_OFFSET, 8, 0)
                        : InternetChecksum.sum(memory, offset + Ipv6Header.SOURCE_OFFSET, 32, 0);
        return InternetChecksum.addNumber(InternetChecksum.addNumber(sum, protocol), length);
    }

    /** Whether the network header's checksum holds; IPv6 has none. */
    public boolean networkChecksumHolds() {
        return !isIpv4()
                || InternetChecksum.fold(InternetChecksum.sum(memory, offset, headerLength, 0))
                        == 0xffff;
    }

    /** Whether the TCP or UDP checksum holds; a UDP checksum of 0 over IPv4 does not. */
    public boolean transportChecksumHolds() {
        long sum =
                InternetChecksum.sum(
                        memory, transport(), transportLength(), pseudoHeaderSum(transportLength()));
        return InternetChecksum.fold(sum) == 0xffff;
    }

    /** Where the TCP or UDP checksum stands, from the transport header; 0 if there is none. */
    public int checksumField() {
        if (fragment) {
            return 0;
        }
        return switch (protocol) {
            case TcpHeader.PROTOCOL -> tcpHeaderLength() == 0 ? 0 : TcpHeader.CHECKSUM_OFFSET;
            case UdpHeader.PROTOCOL ->
                    transportLength() < UdpHeader.BYTES ? 0 : UdpHeader.CHECKSUM_OFFSET;
            default -> 0;
        };
    }

    /**
     * Whether the checksum at {@code field} is still the seed that checksum offload starts from:
     * the packet never crossed a wire that would have made the sender's device complete it.
     */
    public boolean isChecksumSeeded(int field) {
        return InternetChecksum.holdsSeed(
                memory, transport() + field, pseudoHeaderSum(transportLength()));
    }

    /** A hash of addresses, protocol and ports: the same for all packets of a flow. */
    public int flowHash() {
        long hash = protocol;
        if (isIpv4()) {
            hash ^= NetworkOrder.i64(memory, offset + Ipv4Header.SOURCE_OFFSET);
        } else {
            long at = offset + Ipv6Header.SOURCE_OFFSET;
            hash = mix(hash ^ NetworkOrder.i64(memory, at)) ^ NetworkOrder.i64(memory, at + 8);
            hash = mix(hash ^ NetworkOrder.i64(memory, at + 16));
            hash ^= NetworkOrder.i64(memory, at + 24);
        }
        if (hasPorts()) {
            hash = mix(hash) ^ NetworkOrder.i32(memory, transport());
        }
        return (int) (mix(hash) >>> 32);
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 32)) * 0x9e37_79b9_7f4a_7c15L;
        return mixed ^ (mixed >>> 29);
    }

    /** For messages. */
    @Override
    public String toString() {
        String family = isIpv4() ? "IPv4" : "IPv6";
        return "%s packet of %d bytes, protocol %d".formatted(family, totalLength, protocol);
    }
}
