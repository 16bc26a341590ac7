package dev.culvert.linux.conntrack;

import dev.culvert.net.IpFamily;
import java.net.InetAddress;

/**
 * A tracked connection of the default zone. Immutable, any thread.
 *
 * @param id tells it from another connection with the same addresses and ports, before or after it
 * @param original as the first packet came
 * @param reply as answers come, so that its source is where packets really go after address
 *     translation
 */
public record Connection(int id, FlowTuple original, FlowTuple reply) {
    /** The address family of its packets. */
    public IpFamily family() {
        return IpFamily.of(original.source());
    }

    /** Who began, before address translation. */
    public InetAddress source() {
        return original.source();
    }

    /** To whom packets go after the translation of their destination. */
    public InetAddress destination() {
        return reply.source();
    }

    /** The port at {@link #destination}; nothing sensible for ICMP. */
    public int destinationPort() {
        return reply.sourcePort();
    }
}
