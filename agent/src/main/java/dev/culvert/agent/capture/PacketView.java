package dev.culvert.agent.capture;

import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The addresses and ports of an IP packet. Immutable.
 *
 * @param source its source
 * @param destination its destination
 * @param protocol the number of what is inside; an IPv6 extension header counts as that
 * @param sourcePort of TCP, UDP and SCTP, else 0; 0 for later fragments
 * @param destinationPort likewise
 * @param payload where what is inside begins
 * @param length bytes of the whole packet
 */
public record PacketView(
        InetAddress source,
        InetAddress destination,
        int protocol,
        int sourcePort,
        int destinationPort,
        int payload,
        int length) {
    /** UDP's number. */
    public static final int UDP = 17;

    private static final int TCP = 6;
    private static final int SCTP = 132;
    private static final int IPV4_BYTES = 20;
    private static final int IPV6_BYTES = 40;
    private static final int UDP_BYTES = 8;
    private static final int VXLAN_BYTES = 8;
    private static final int ETHERNET_BYTES = 14;

    /** The packet that begins at {@code start}, or null if there is none. */
    public static @Nullable PacketView of(byte[] bytes, int start) {
        int room = bytes.length - start;
        if (room < IPV4_BYTES) {
            return null;
        }
        int version = (bytes[start] & 0xf0) >> 4;
        if (version == 4) {
            int header = (bytes[start] & 0x0f) * 4;
            boolean first = ((bytes[start + 6] & 0x1f) | bytes[start + 7]) == 0;
            return view(bytes, start, new Header(12, 4, bytes[start + 9] & 0xff, header, first));
        }
        return version == 6 && room >= IPV6_BYTES
                ? view(bytes, start, new Header(8, 16, bytes[start + 6] & 0xff, IPV6_BYTES, true))
                : null;
    }

    /** Where the fields of either version are. */
    private record Header(int addresses, int size, int protocol, int bytes, boolean first) {}

    private static PacketView view(byte[] bytes, int start, Header header) {
        int source = start + header.addresses();
        int payload = start + header.bytes();
        boolean ports =
                header.first()
                        && bytes.length >= payload + 4
                        && (header.protocol() == TCP
                                || header.protocol() == UDP
                                || header.protocol() == SCTP);
        ByteBuffer all = ByteBuffer.wrap(bytes);
        return new PacketView(
                address(bytes, source, header.size()),
                address(bytes, source + header.size(), header.size()),
                header.protocol(),
                ports ? all.getShort(payload) & 0xffff : 0,
                ports ? all.getShort(payload + 2) & 0xffff : 0,
                payload,
                bytes.length - start);
    }

    private static InetAddress address(byte[] bytes, int at, int size) {
        return IpAddresses.of(Arrays.copyOfRange(bytes, at, at + size));
    }

    /** The packet that the overlay carries in this one, or null if there is none. */
    public @Nullable PacketView inside(byte[] bytes) {
        return protocol == UDP
                ? of(bytes, payload + UDP_BYTES + VXLAN_BYTES + ETHERNET_BYTES)
                : null;
    }

    /** As a person reads it. */
    @Override
    public String toString() {
        return "%s > %s %s length %d"
                .formatted(
                        end(source, sourcePort),
                        end(destination, destinationPort),
                        protocolName(),
                        length);
    }

    private String protocolName() {
        return switch (protocol) {
            case 1 -> "icmp";
            case TCP -> "tcp";
            case UDP -> "udp";
            case 58 -> "icmpv6";
            case SCTP -> "sctp";
            default -> "protocol " + protocol;
        };
    }

    private static String end(InetAddress address, int port) {
        String text = address.getHostAddress();
        if (port == 0) {
            return text;
        }
        return text.contains(":") ? "[" + text + "]:" + port : text + ":" + port;
    }
}
