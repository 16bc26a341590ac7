package dev.culvert.demo;

import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Random;

/** One TCP flow at full speed for a moment. The receiver digests every byte. One thread. */
final class Throughput {
    private static final int CHUNK = 128 * 1024;

    private Throughput() {}

    /** Sends for {@code time} and returns megabits a second, counted when the receiver has all. */
    static double megabitsPerSecond(Endpoint sender, Pod receiver, Duration time)
            throws IOException {
        InetSocketAddress peer =
                new InetSocketAddress(InetAddress.ofLiteral(receiver.address()), PodServer.PORT);
        byte[] chunk = new byte[CHUNK];
        new Random(1).nextBytes(chunk);
        try (SocketChannel channel = sender.sockets().connect(peer)) {
            DataOutputStream out = new DataOutputStream(channel.socket().getOutputStream());
            out.writeLong(Long.MAX_VALUE);
            long begin = System.nanoTime();
            long sent = 0;
            while (System.nanoTime() - begin < time.toNanos()) {
                out.write(chunk);
                sent += chunk.length;
            }
            channel.shutdownOutput();
            channel.socket().getInputStream().readAllBytes();
            return sent * 8 * 1e3 / (System.nanoTime() - begin);
        }
    }
}
