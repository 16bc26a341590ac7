package dev.culvert.linux.route;

import dev.culvert.net.MacAddress;
import java.net.InetAddress;

/**
 * A permanent entry of the neighbour table (ARP, ND).
 *
 * @param linkIndex the interface
 * @param address the neighbour's IP address
 * @param mac its hardware address
 * @param permanent whether it never ages ({@code NUD_PERMANENT})
 */
public record Neighbor(int linkIndex, InetAddress address, MacAddress mac, boolean permanent) {}
