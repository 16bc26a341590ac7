package dev.culvert.agent.policy;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Servers in pods, and clients that ask whether they can be reached. */
final class PodSockets implements AutoCloseable {
    /** The ports of generated packets. */
    private static final int FIRST = 79;

    private static final int LAST = 84;

    /** Nothing comes for so long where nothing should. */
    private static final int SILENCE_MILLIS = 1000;

    /** Longer than the kernel takes to send lost packets again a few times. */
    private static final int PATIENCE_MILLIS = 30_000;

    private final List<Closeable> open = new CopyOnWriteArrayList<>();

    /** Every port of a pod answers: TCP accepts, UDP sends back what came. */
    void listen(NetworkNamespace pod) throws Exception {
        for (int port = FIRST; port <= LAST; port++) {
            int number = port;
            open.add(pod.call(() -> new ServerSocket(number, 200)));
            DatagramSocket socket = pod.call(() -> new DatagramSocket(number));
            open.add(socket);
            Thread.ofVirtual().start(() -> echo(socket));
        }
    }

    private static void echo(DatagramSocket socket) {
        while (!socket.isClosed()) {
            echoOnce(socket, new DatagramPacket(new byte[16], 16));
        }
    }

    private static boolean echoOnce(DatagramSocket socket, DatagramPacket packet) {
        try {
            socket.receive(packet);
            socket.send(packet);
            return true;
        } catch (IOException _) {
            // It was closed, or an answer was dropped by a rule, which the client notices.
            return false;
        }
    }

    /**
     * Whether the first packet of a connection arrives and is answered.
     *
     * @param patient whether to wait long for it, since it should
     */
    boolean answers(NetworkNamespace from, Packet packet, boolean patient) throws Exception {
        int millis = patient ? PATIENCE_MILLIS : SILENCE_MILLIS;
        InetSocketAddress to = new InetSocketAddress(packet.to(), packet.port());
        return packet.protocol().equals("TCP")
                ? connects(from, to, millis)
                : echoes(from, to, millis);
    }

    private static boolean connects(NetworkNamespace from, InetSocketAddress to, int millis)
            throws Exception {
        try (Socket socket = from.call(Socket::new)) {
            return from.call(
                    () -> {
                        socket.connect(to, millis);
                        return true;
                    });
        } catch (SocketTimeoutException _) {
            return false;
        }
    }

    private static boolean echoes(NetworkNamespace from, InetSocketAddress to, int millis)
            throws Exception {
        try (DatagramSocket socket = from.call(() -> new DatagramSocket())) {
            socket.setSoTimeout(SILENCE_MILLIS);
            byte[] bytes = {1, 2, 3};
            for (int waited = 0; waited < millis; waited += SILENCE_MILLIS) {
                try {
                    socket.send(new DatagramPacket(bytes, bytes.length, to));
                    socket.receive(new DatagramPacket(new byte[16], 16));
                    return true;
                } catch (SocketTimeoutException _) {
                    // Sent again, if there is time left.
                    socket.setSoTimeout(SILENCE_MILLIS);
                }
            }
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        for (Closeable each : open) {
            each.close();
        }
    }
}
