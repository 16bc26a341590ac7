package dev.culvert.linux.route;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where the kernel would send a packet. Immutable.
 *
 * @param local whether the packet is for the node itself
 * @param linkIndex the interface that it leaves by; for a local one the kernel's choice
 * @param gateway the next hop, or null when the destination is on the link
 * @param source the address that the node would send from, or null
 * @param mtu the route's own limit in bytes, 0 for the link's
 */
public record RouteDecision(
        boolean local,
        int linkIndex,
        @Nullable InetAddress gateway,
        @Nullable InetAddress source,
        int mtu) {}
