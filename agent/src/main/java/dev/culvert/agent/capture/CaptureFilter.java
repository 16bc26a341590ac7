package dev.culvert.agent.capture;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which packets are wanted, by what is inside. Immutable, any thread.
 *
 * @param hosts networks of which either end must be; empty for any
 * @param peer networks of which either end must be too; empty for any
 * @param port of either end, 0 for any
 * @param protocol the IP protocol's number, 0 for any
 */
public record CaptureFilter(List<Cidr> hosts, List<Cidr> peer, int port, int protocol) {
    /** Lets everything through. */
    public static final CaptureFilter ALL = new CaptureFilter(List.of(), List.of(), 0, 0);

    /** Copies the lists. */
    public CaptureFilter {
        hosts = List.copyOf(hosts);
        peer = List.copyOf(peer);
    }

    /** Whether a packet that carries this is wanted. */
    public boolean accepts(@Nullable PacketView packet) {
        if (packet == null) {
            return equals(ALL);
        }
        boolean ports =
                port == 0 || packet.sourcePort() == port || packet.destinationPort() == port;
        return ports
                && (protocol == 0 || packet.protocol() == protocol)
                && touches(hosts, packet)
                && touches(peer, packet);
    }

    private static boolean touches(List<Cidr> networks, PacketView packet) {
        return networks.isEmpty()
                || contains(networks, packet.source())
                || contains(networks, packet.destination());
    }

    private static boolean contains(List<Cidr> networks, InetAddress address) {
        return networks.stream().anyMatch(each -> each.contains(address));
    }
}
