package dev.culvert.bench.path;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One byte there and back over a TCP connection without delay between two pods, again and again.
 *
 * @param p50 microseconds
 * @param p99 microseconds
 * @param p999 microseconds
 */
record PingPong(double p50, double p99, double p999) {
    private static final int MOST = 1_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /**
     * Measures for this long.
     *
     * @throws IOException if the connection stalls or breaks
     */
    static PingPong measure(Node client, Node server, Duration duration) throws IOException {
        try (ServerSocketChannel listener = in(server.pod(), PingPong::listener);
                SocketChannel connection = in(client.pod(), PingPong::socket)) {
            listener.bind(new InetSocketAddress(server.podAddress(), 0));
            Thread.ofPlatform().daemon().name("pong").start(() -> answer(listener));
            InetSocketAddress target = (InetSocketAddress) listener.getLocalAddress();
            FutureTask<long[]> task =
                    new FutureTask<>(() -> ask(connection, target, duration.toNanos()));
            Thread.ofPlatform().daemon().name("ping").start(task);
            return of(await(task, duration.plus(PATIENCE)));
        }
    }

    private static long[] await(FutureTask<long[]> task, Duration limit) throws IOException {
        try {
            return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException("no answer to one byte within " + limit, e);
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException("request and response failed: " + e.getMessage(), e);
        }
    }

    private static ServerSocketChannel listener() throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.INET);
    }

    private static SocketChannel socket() throws IOException {
        return SocketChannel.open(StandardProtocolFamily.INET);
    }

    private static <T> T in(NetworkNamespace namespace, Callable<T> open) throws IOException {
        try {
            return namespace.call(open);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("no socket in " + namespace, e);
        }
    }

    private static void answer(ServerSocketChannel listener) {
        try (SocketChannel connection = listener.accept()) {
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            ByteBuffer octet = ByteBuffer.allocateDirect(1);
            while (connection.read(octet.clear()) > 0) {
                connection.write(octet.flip());
            }
        } catch (IOException e) {
            // The other side notices, and says so.
        }
    }

    private static long[] ask(SocketChannel connection, InetSocketAddress target, long nanos)
            throws IOException {
        connection.connect(target);
        connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
        ByteBuffer octet = ByteBuffer.allocateDirect(1);
        long[] times = new long[MOST];
        int count = 0;
        long start = System.nanoTime();
        for (long before = start; before - start < nanos && count < MOST; ) {
            connection.write(octet.clear());
            if (connection.read(octet.clear()) < 1) {
                throw new IOException("the other side ended the connection");
            }
            long after = System.nanoTime();
            times[count++] = after - before;
            before = after;
        }
        return Arrays.copyOf(times, count);
    }

    /** Percentiles of these times in nanoseconds, by nearest rank. */
    static PingPong of(long[] times) {
        long[] sorted = times.clone();
        Arrays.sort(sorted);
        return new PingPong(at(sorted, 0.5), at(sorted, 0.99), at(sorted, 0.999));
    }

    private static double at(long[] sorted, double share) {
        int rank = (int) Math.ceil(share * sorted.length);
        return sorted[Math.max(0, rank - 1)] / 1e3;
    }
}
