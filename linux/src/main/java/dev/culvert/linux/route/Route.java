package dev.culvert.linux.route;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A unicast route. Immutable; start from {@link #to}.
 *
 * @param destination the network that it leads to
 * @param linkIndex the interface that it leaves by
 * @param gateway the next hop, or null when the destination is on the link
 * @param source the preferred source address, or null
 * @param mtu path MTU in bytes, 0 for the link's
 * @param protocol who installed it ({@code rtm_protocol})
 * @param table the routing table, {@link #MAIN_TABLE} by default
 * @param priority the metric; lower wins. For IPv6 the kernel turns 0 into 1024
 * @param onlink whether to believe that the gateway is on the link ({@code RTNH_F_ONLINK})
 */
public record Route(
        Cidr destination,
        int linkIndex,
        @Nullable InetAddress gateway,
        @Nullable InetAddress source,
        int mtu,
        int protocol,
        int table,
        int priority,
        boolean onlink) {

    /** {@code RT_TABLE_MAIN}. */
    public static final int MAIN_TABLE = 254;

    /** {@code RTPROT_STATIC}: what {@code ip route add} sets by default is boot (3); this is 4. */
    public static final int PROTOCOL_STATIC = 4;

    /** Culvert's own routes carry this number, so that it never touches another's. */
    public static final int PROTOCOL_CULVERT = 86;

    /** A route of ours to {@code destination} directly on a link. */
    public static Route to(Cidr destination, int linkIndex) {
        return new Route(
                destination, linkIndex, null, null, 0, PROTOCOL_CULVERT, MAIN_TABLE, 0, false);
    }

    /** Through this next hop. */
    public Route via(InetAddress nextHop) {
        return new Route(
                destination, linkIndex, nextHop, source, mtu, protocol, table, priority, onlink);
    }

    /** With this preferred source address. */
    public Route withSource(InetAddress address) {
        return new Route(
                destination, linkIndex, gateway, address, mtu, protocol, table, priority, onlink);
    }

    /** With this path MTU. */
    public Route withMtu(int bytes) {
        return new Route(
                destination, linkIndex, gateway, source, bytes, protocol, table, priority, onlink);
    }
}
