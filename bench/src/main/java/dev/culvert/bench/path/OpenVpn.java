package dev.culvert.bench.path;

import java.io.IOException;
import java.util.List;

/**
 * OpenVPN between two nodes, point to point over UDP, without cipher, authentication and the
 * kernel's help: what it costs to pass packets through a process one by one.
 *
 * @see <a href="https://community.openvpn.net/openvpn/wiki/Openvpn26ManPage">openvpn(8)</a>
 */
record OpenVpn(Process process) implements Tunnel {
    /** Its TUN device. */
    static final String DEVICE = "ovpn0";

    private static final String PORT = "1194";

    /** Starts one end. */
    static OpenVpn start(Node node, Node peer) throws IOException {
        Process process = node.processes().start(node.node(), command(node, peer));
        Processes.awaitLine(process, "link remote");
        Processes.drain(process);
        return new OpenVpn(process);
    }

    private static List<String> command(Node node, Node peer) {
        String line =
                ("openvpn --dev %s --dev-type tun --proto udp --port %s --local %s --remote %s"
                                + " --ifconfig 10.98.0.%d 10.98.0.%d --tun-mtu %d"
                                + " --cipher none --auth none --disable-dco")
                        .formatted(
                                DEVICE,
                                PORT,
                                node.underlay().getHostAddress(),
                                peer.underlay().getHostAddress(),
                                node.number(),
                                peer.number(),
                                Mode.OPENVPN.mtu());
        return List.of(line.split(" "));
    }
}
