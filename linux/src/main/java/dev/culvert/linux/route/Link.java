package dev.culvert.linux.route;

import dev.culvert.net.MacAddress;

/**
 * A network interface as the kernel reports it. Immutable.
 *
 * @param index the interface index in its namespace
 * @param name its name, at most 15 bytes
 * @param kind the driver's name ({@code bridge}, {@code veth}, {@code tun}, {@code vxlan}), empty
 *     for physical devices
 * @param mac the hardware address, zero when there is none (as on a TUN)
 * @param mtu bytes of an IP packet
 * @param up whether it is administratively up
 * @param masterIndex the index of the bridge that it is a port of, 0 for none
 * @param peerIndex the index of the other end of a veth pair in its own namespace, 0 for none
 * @param alias the text of {@code ip link set alias}, empty for none
 */
public record Link(
        int index,
        String name,
        String kind,
        MacAddress mac,
        int mtu,
        boolean up,
        int masterIndex,
        int peerIndex,
        String alias) {}
