package dev.culvert.agent.attachment;

import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A port of the node that leads to a pod. Immutable.
 *
 * @param protocol of both ports
 * @param hostPort the node's, 1 to 65535
 * @param containerPort the pod's, 1 to 65535
 * @param hostIp the node's address that it is on; null for all, the unspecified address for all of
 *     its family
 */
public record PortMapping(
        Protocol protocol, int hostPort, int containerPort, @Nullable InetAddress hostIp) {

    /** Whether it is on addresses of this family. */
    public boolean serves(IpFamily family) {
        return hostIp == null || IpFamily.of(hostIp) == family;
    }

    /** The one address that it is on, or null if it is on all. */
    public @Nullable InetAddress address() {
        return hostIp == null || hostIp.isAnyLocalAddress() ? null : hostIp;
    }

    /** Whether a packet could be meant for both. */
    public boolean clashesWith(PortMapping other) {
        return protocol == other.protocol
                && hostPort == other.hostPort
                && (hostIp == null || other.hostIp == null || overlap(hostIp, other.hostIp));
    }

    private static boolean overlap(InetAddress one, InetAddress other) {
        return IpFamily.of(one) == IpFamily.of(other)
                && (one.isAnyLocalAddress() || other.isAnyLocalAddress() || one.equals(other));
    }

    /** What {@link #parse} reads. */
    String text() {
        return "%s/%d/%d/%s"
                .formatted(
                        protocol.text(),
                        hostPort,
                        containerPort,
                        hostIp == null ? "" : hostIp.getHostAddress());
    }

    /**
     * @throws IllegalArgumentException if it is no text of a mapping
     */
    static PortMapping parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException("'" + text + "' is no port mapping");
        }
        return new PortMapping(
                Protocol.parse(parts[0]),
                Integer.parseInt(parts[1]),
                Integer.parseInt(parts[2]),
                parts[3].isEmpty() ? null : IpAddresses.parse(parts[3]));
    }

    /** For people. */
    @Override
    public String toString() {
        String on = hostIp == null ? "" : " of " + hostIp.getHostAddress();
        return "%s port %d%s".formatted(protocol.text(), hostPort, on);
    }
}
