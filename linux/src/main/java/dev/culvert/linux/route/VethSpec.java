package dev.culvert.linux.route;

import dev.culvert.linux.Descriptor;
import dev.culvert.net.MacAddress;

/**
 * A veth pair to create.
 *
 * @param name the end in this namespace
 * @param mac its hardware address
 * @param alias its alias, set in the same request, so that it never exists without
 * @param peerName the end in the other namespace
 * @param peerMac the other end's hardware address
 * @param peerNamespace the other end's network namespace
 * @param mtu bytes of an IP packet, for both ends
 */
public record VethSpec(
        String name,
        MacAddress mac,
        String alias,
        String peerName,
        MacAddress peerMac,
        Descriptor peerNamespace,
        int mtu) {}
