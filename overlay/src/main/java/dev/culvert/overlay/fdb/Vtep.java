package dev.culvert.overlay.fdb;

import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A node's tunnel endpoint. Immutable.
 *
 * @param node the node's name
 * @param address its underlay address
 * @param port the UDP port that it listens on
 * @param mac the destination of inner frames to it
 * @param remoteChecksum whether it finishes the checksums of what is sent to it (remote checksum
 *     offload)
 */
public record Vtep(
        String node, InetAddress address, int port, MacAddress mac, boolean remoteChecksum) {

    /** Checks the port. */
    public Vtep {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("UDP port must be 1 to 65535: " + port);
        }
    }

    /** One that takes finished packets only, as the kernel's vxlan device does by default. */
    public Vtep(String node, InetAddress address, int port, MacAddress mac) {
        this(node, address, port, mac, false);
    }

    /** Where encapsulated packets go. */
    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(address, port);
    }
}
