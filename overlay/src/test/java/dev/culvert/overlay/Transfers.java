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
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Real traffic between sockets that live in pods' namespaces. */
final class Transfers {
    private static final int PATIENCE_SECONDS = 60;

    private Transfers() {}

    /** What the receiver of a TCP transfer saw. */
    record Received(InetAddress from, byte[] digest, long bytes) {}

    /** Sends {@code length} random bytes and returns the digest of what was sent. */
    static byte[] tcp(
            NetworkNamespace client,
            NetworkNamespace server,
            InetAddress to,
            long length,
            Consumer<Received> check)
            throws Exception {
        try (ServerSocketChannel listener = server.call(ServerSocketChannel::open)) {
            listener.bind(new InetSocketAddress(to, 0));
            int port = listener.socket().getLocalPort();
            CompletableFuture<Received> received = async(() -> receive(listener));
            byte[] digest;
            try (SocketChannel channel = client.call(SocketChannel::open)) {
                channel.socket().connect(new InetSocketAddress(to, port), PATIENCE_SECONDS * 1000);
                digest = send(channel, length);
            }
            check.accept(get(received));
            return digest;
        }
    }

    private static byte[] send(SocketChannel channel, long length) throws Exception {
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
        return digest.digest();
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
            return new Received(from.getAddress(), digest.digest(), bytes);
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
        return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
