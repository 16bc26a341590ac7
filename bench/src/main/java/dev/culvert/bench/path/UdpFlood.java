package dev.culvert.bench.path;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.SocketAddresses;
import dev.culvert.linux.SocketOptions;
import dev.culvert.linux.libc.LibC;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Datagrams of one size from one pod to the other as fast as one thread can send them, a system
 * call each, and another thread that takes them as fast as it can.
 *
 * @param packetsPerSecond that arrived, by the receiver's time between the first and the last
 * @param lossPercent of those that were sent
 * @param received how many arrived
 */
record UdpFlood(double packetsPerSecond, double lossPercent, long received) {
    private static final int PORT = 7007;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = SocketOptions.SOL_SOCKET;
    private static final int SO_RCVBUF = 8;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int BUFFER_BYTES = 4 << 20;

    /** Without a datagram for so long after the last one was sent, no more will come. */
    private static final Duration SILENCE = Duration.ofMillis(200);

    /** Full queues are what this is about. */
    private static final Set<Errno> FULL = Set.of(Errno.EAGAIN, Errno.ENOBUFS, Errno.EINTR);

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /**
     * Sends for this long.
     *
     * @throws IOException if it cannot, or if nothing arrives
     */
    static UdpFlood measure(Node from, Node to, int length, Duration duration) throws IOException {
        InetSocketAddress target = new InetSocketAddress(to.podAddress(), PORT);
        try (Descriptor in = socket(to);
                Descriptor out = socket(from);
                Arena arena = Arena.ofShared()) {
            MemorySegment address = SocketAddresses.allocate(arena, target);
            LinuxException.check(LibC.bind(in.number(), address), "bind", target.toString());
            LinuxException.check(LibC.connect(out.number(), address), "connect", in.toString());
            UdpReceiver receiver = new UdpReceiver(in.number());
            FutureTask<Long> sending =
                    new FutureTask<>(() -> send(out, arena.allocate(length), duration));
            FutureTask<Long> receiving = new FutureTask<>(() -> receiver.receive(sending::isDone));
            start("udp-receiver", receiving);
            start("udp-sender", sending);
            long sent = await(sending, duration.plus(PATIENCE));
            return of(sent, await(receiving, PATIENCE), receiver.nanos());
        }
    }

    private static Descriptor socket(Node node) throws IOException {
        int number =
                node.callInPod(
                        () ->
                                LibC.socket(
                                        IpFamily.IPV4.addressFamily(),
                                        SOCK_DGRAM | SOCK_CLOEXEC,
                                        0));
        LinuxException.check(number, "socket", "udp");
        Descriptor socket = Descriptor.own(number, "udp of pod " + node.number());
        if (SocketOptions.trySet(socket, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES) < 0) {
            // Beyond the system's limit only root of the machine may go.
            SocketOptions.set(socket, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
        }
        SocketOptions.setTimeout(socket, SocketOptions.SO_RCVTIMEO, SILENCE);
        SocketOptions.setTimeout(socket, SocketOptions.SO_SNDTIMEO, SILENCE);
        return socket;
    }

    private static void start(String name, Runnable task) {
        Thread.ofPlatform().daemon().name(name).start(task);
    }

    private static long await(FutureTask<Long> task, Duration limit) throws IOException {
        try {
            return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException("datagrams stalled for " + limit.toSeconds() + " seconds", e);
        } catch (ExecutionException e) {
            throw new IOException("cannot send datagrams: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while datagrams were sent", e);
        }
    }

    private static long send(Descriptor out, MemorySegment data, Duration duration)
            throws LinuxException {
        long sent = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < duration.toNanos()) {
            long result = LibC.write(out.number(), data.address(), data.byteSize());
            if (result >= 0) {
                sent++;
            } else if (!FULL.contains(Errno.of((int) -result))) {
                LinuxException.check(result, "write", out.toString());
            }
        }
        return sent;
    }

    /** What these numbers come to. */
    static UdpFlood of(long sent, long received, long nanos) throws IOException {
        if (received < 2 || nanos <= 0) {
            throw new IOException("of %d datagrams %d arrived".formatted(sent, received));
        }
        return new UdpFlood(received * 1e9 / nanos, 100.0 * (sent - received) / sent, received);
    }
}
