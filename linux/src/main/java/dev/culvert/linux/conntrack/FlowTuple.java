package dev.culvert.linux.conntrack;

import java.net.InetAddress;

/**
 * One direction of a tracked connection. Immutable, any thread.
 *
 * @param protocol as in the IP header
 * @param sourcePort for ICMP its identifier, 0 for protocols without ports
 * @param destinationPort for ICMP its type times 256 plus its code, 0 for protocols without ports
 */
public record FlowTuple(
        InetAddress source,
        InetAddress destination,
        int protocol,
        int sourcePort,
        int destinationPort) {
    /** {@code IPPROTO_ICMP}. */
    public static final int ICMP = 1;

    /** {@code IPPROTO_TCP}. */
    public static final int TCP = 6;

    /** {@code IPPROTO_UDP}. */
    public static final int UDP = 17;

    /** {@code IPPROTO_ICMPV6}. */
    public static final int ICMPV6 = 58;

    /** {@code IPPROTO_SCTP}. */
    public static final int SCTP = 132;

    @Override
    public String toString() {
        return "protocol %d %s %d > %s %d"
                .formatted(
                        protocol,
                        source.getHostAddress(),
                        sourcePort,
                        destination.getHostAddress(),
                        destinationPort);
    }
}
