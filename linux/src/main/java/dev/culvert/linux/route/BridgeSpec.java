package dev.culvert.linux.route;

import dev.culvert.net.MacAddress;

/**
 * A bridge to create. The MAC is always given, so that neither the kernel nor systemd makes one up.
 *
 * @param name its name
 * @param mac its hardware address
 * @param mtu bytes of an IP packet
 */
public record BridgeSpec(String name, MacAddress mac, int mtu) {}
