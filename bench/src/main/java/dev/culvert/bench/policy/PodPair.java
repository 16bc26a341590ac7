package dev.culvert.bench.policy;

import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.List;

/**
 * A node that forwards between two pods, one of which sends back what it gets. One thread.
 *
 * @param node where the rules are
 */
record PodPair(NetworkNamespace node, NetworkNamespace client, NetworkNamespace server)
        implements AutoCloseable {
    private static final int PORT = 7000;
    private static final int TIMEOUT_MILLIS = 5000;

    /** Makes the namespaces and begins to send back. */
    static PodPair create(InetAddress clientAddress, InetAddress serverAddress) throws Exception {
        PodPair pair =
                new PodPair(
                        NetworkNamespace.create(),
                        NetworkNamespace.create(),
                        NetworkNamespace.create());
        pair.connect("cv0", clientAddress, pair.client);
        pair.connect("cv1", serverAddress, pair.server);
        run(pair.node, "sysctl -qw net.ipv4.ip_forward=1");
        DatagramSocket socket =
                pair.server.call(
                        () -> new DatagramSocket(new InetSocketAddress(serverAddress, PORT)));
        Thread.ofPlatform().daemon().name("echo").start(() -> echo(socket));
        return pair;
    }

    /** Has connections tracked, as they are on every node of a cluster. */
    void track(IptablesMode mode) throws Exception {
        run(
                node,
                "iptables-%s -A FORWARD -m conntrack --ctstate INVALID -j RETURN"
                        .formatted(mode.label()));
    }

    private void connect(String device, InetAddress address, NetworkNamespace pod)
            throws Exception {
        run(node, "ip link add %s type veth peer name eth0 netns %s".formatted(device, pod.path()));
        run(node, "ip link set %s up".formatted(device));
        run(node, "ip route add %s/32 dev %s".formatted(address.getHostAddress(), device));
        run(node, "sysctl -qw net.ipv4.conf.%s.proxy_arp=1".formatted(device));
        run(pod, "ip link set eth0 up");
        run(pod, "ip addr add %s/32 dev eth0".formatted(address.getHostAddress()));
        run(pod, "ip route add default dev eth0");
    }

    private static void run(NetworkNamespace namespace, String command) throws Exception {
        namespace.call(
                () -> {
                    Process process =
                            new ProcessBuilder(List.of(command.split(" ", -1))).inheritIO().start();
                    if (process.waitFor() != 0) {
                        throw new IOException("failed: " + command);
                    }
                    return true;
                });
    }

    private static void echo(DatagramSocket socket) {
        DatagramPacket packet = new DatagramPacket(new byte[64], 64);
        try {
            while (true) {
                socket.receive(packet);
                socket.send(packet);
            }
        } catch (IOException e) {
            // It was closed with the process.
            socket.close();
        }
    }

    /**
     * Sends and waits for the answer, so many times.
     *
     * @param fresh whether each is a connection of its own
     * @return microseconds for each
     */
    double microsForEach(InetAddress server, int trips, boolean fresh) throws Exception {
        return client.call(
                () -> {
                    DatagramSocket[] sockets = new DatagramSocket[fresh ? trips : 1];
                    try {
                        for (int i = 0; i < sockets.length; i++) {
                            sockets[i] = open(server);
                        }
                        trip(sockets[0]);
                        long begin = System.nanoTime();
                        for (int i = 0; i < trips; i++) {
                            trip(sockets[i % sockets.length]);
                        }
                        return (System.nanoTime() - begin) / 1e3 / trips;
                    } finally {
                        for (DatagramSocket socket : sockets) {
                            socket.close();
                        }
                    }
                });
    }

    private static DatagramSocket open(InetAddress server) throws SocketException {
        DatagramSocket socket = new DatagramSocket();
        socket.connect(server, PORT);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    private static void trip(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[32], 32);
        socket.send(packet);
        socket.receive(packet);
    }

    @Override
    public void close() {
        node.close();
        client.close();
        server.close();
    }
}
