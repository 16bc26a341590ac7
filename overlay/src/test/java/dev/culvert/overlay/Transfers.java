package dev.culvert.overlay;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Real traffic between sockets that live in pods' namespaces. */
final class Transfers {
    private static final int PATIENCE_SECONDS = 60;

    /** The slowest transfer that is still waited for. */
    private static final long BYTES_PER_SECOND = 2_000_000;

    private Transfers() {}

    /** What the receiver of a TCP transfer saw. */
    record Received(InetAddress from, String digest, long bytes) {}

    /** Both ends of a TCP transfer. */
    record Transfer(String sentDigest, Received received) {}

    /** Sends {@code length} random bytes over TCP. */
    static Transfer tcp(
            NetworkNamespace client, NetworkNamespace server, InetAddress to, long length)
            throws Exception {
        try (ServerSocketChannel listener = server.call(ServerSocketChannel::open)) {
            listener.bind(new InetSocketAddress(to, 0));
            int port = listener.socket().getLocalPort();
            CompletableFuture<Received> received = async(() -> receive(listener));
            String digest;
            try (SocketChannel channel = client.call(SocketChannel::open)) {
                channel.socket().connect(new InetSocketAddress(to, port), PATIENCE_SECONDS * 1000);
                digest = send(channel, length);
            }
            return new Transfer(digest, get(received, length / BYTES_PER_SECOND));
        }
    }

    private static String send(SocketChannel channel, long length) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] block = new byte[1 << 17];
        new Random(length).nextBytes(block);
        for (long left = length; left > 0; left -= block.length) {
            int size = (int) Math.min(left, block.length);
            block[0]++;
            digest.update(block, 0, size);
            ByteBuffer buffer = ByteBuffer.wrap(block, 0, size);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static Received receive(ServerSocketChannel listener) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 17);
        long bytes = 0;
        try (SocketChannel channel = listener.accept()) {
            while (channel.read(buffer) >= 0) {
                buffer.flip();
                bytes += buffer.remaining();
                digest.update(buffer);
                buffer.clear();
            }
            InetSocketAddress from = (InetSocketAddress) channel.getRemoteAddress();
            return new Received(
                    from.getAddress(), HexFormat.of().formatHex(digest.digest()), bytes);
        }
    }

    /** Sends a datagram, has it echoed, and returns the echo. */
    static byte[] udpEcho(
            NetworkNamespace client, NetworkNamespace server, InetAddress to, byte[] payload)
            throws Exception {
        try (DatagramChannel far = server.call(DatagramChannel::open);
                DatagramChannel near = client.call(DatagramChannel::open)) {
            near.setOption(StandardSocketOptions.SO_SNDBUF, 1 << 20);
            far.bind(new InetSocketAddress(to, 0));
            CompletableFuture<Boolean> echoed = async(() -> echo(far));
            near.connect(far.getLocalAddress());
            near.write(ByteBuffer.wrap(payload));
            byte[] answer = get(async(() -> read(near)));
            get(echoed);
            return answer;
        }
    }

    private static boolean echo(DatagramChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(65_535);
        InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
        buffer.flip();
        channel.send(buffer, from);
        return true;
    }

    private static byte[] read(DatagramChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(65_535);
        channel.read(buffer);
        buffer.flip();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static <T> CompletableFuture<T> async(Callable<T> body) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try {
                                future.complete(body.call());
                            } catch (Throwable e) {
                                future.completeExceptionally(e);
                            }
                        });
        return future;
    }

    private static <T> T get(CompletableFuture<T> future)
            throws ExecutionException, InterruptedException, TimeoutException {
        return get(future, 0);
    }

    private static <T> T get(CompletableFuture<T> future, long moreSeconds)
            throws ExecutionException, InterruptedException, TimeoutException {
        return future.get(PATIENCE_SECONDS + moreSeconds, TimeUnit.SECONDS);
    }
}
