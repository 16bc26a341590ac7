package dev.culvert.bench.path;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * wireguard-go on one node. Its control socket has a name in the file system, and its key lies in a
 * file: both are in a folder that only it sees, and that is gone when it ends.
 *
 * @see <a href="https://www.wireguard.com/xplatform/">Cross-platform interface</a>
 */
record WireGuard(Process process, Node node) implements Tunnel {
    /** Its TUN device. */
    static final String DEVICE = "wg0";

    private static final int PORT = 51820;
    private static final String FOLDER = "/run/wireguard";
    private static final String KEY = FOLDER + "/key";

    /** Starts one end, which talks to nobody yet. */
    static WireGuard start(Node node) throws IOException {
        String run =
                "mount -t tmpfs tmpfs /run && mkdir "
                        + FOLDER
                        + " && exec wireguard-go -f "
                        + DEVICE;
        List<String> command =
                List.of(
                        "env",
                        "LOG_LEVEL=verbose",
                        "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1",
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        run);
        Process process = node.processes().startQuietly(node.node(), command);
        Processes.awaitLine(process, "UAPI listener started");
        Processes.drain(process);
        return new WireGuard(process, node);
    }

    /** Makes a key. Returns the public half. */
    String createKey() throws IOException {
        inside("sh", "-c", "umask 077; wg genkey >%s".formatted(KEY));
        return inside("sh", "-c", "wg pubkey <" + KEY).strip();
    }

    /** Lets it talk to the other end, which has this public key. */
    void connect(Node peer, String publicKey) throws IOException {
        String address = peer.underlay().getHostAddress();
        String line =
                ("wg set %s listen-port %d private-key %s"
                                + " peer %s allowed-ips %s endpoint %s:%d")
                        .formatted(DEVICE, PORT, KEY, publicKey, peer.podCidr(), address, PORT);
        inside(line.split(" "));
        node.ip("link set %s mtu %d up".formatted(DEVICE, Mode.WIREGUARD_GO.mtu()));
    }

    /** Runs a command that sees the folder. */
    private String inside(String... command) throws IOException {
        List<String> line =
                new ArrayList<>(
                        List.of("nsenter", "--mount=/proc/%d/ns/mnt".formatted(process.pid())));
        line.add("--");
        line.addAll(List.of(command));
        return node.processes().run(node.node(), line);
    }
}
