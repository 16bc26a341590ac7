package dev.culvert.agent;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * A TCP connection between two namespaces that stays open: what is sent on one side must arrive
 * whole on the other. One thread; close ends it.
 */
final class PodTraffic implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    /** The common pool may have one thread only, and both sides must run. */
    private static final Executor OWN_THREAD =
            task -> Thread.ofPlatform().daemon().name("traffic").start(task);

    private static final int CHUNK = 64 * 1024;

    private final ServerSocketChannel server;
    private final SocketChannel sender;
    private final SocketChannel receiver;
    private final Random random = new Random(1);

    private PodTraffic(ServerSocketChannel server, SocketChannel sender, SocketChannel receiver) {
        this.server = server;
        this.sender = sender;
        this.receiver = receiver;
    }

    /** Connects from one namespace to an address of the other. */
    static PodTraffic open(NetworkNamespace from, NetworkNamespace to, InetAddress address)
            throws Exception {
        ServerSocketChannel server = to.call(ServerSocketChannel::open);
        try {
            server.bind(new InetSocketAddress(address, 0));
            CompletableFuture<SocketChannel> accepted =
                    CompletableFuture.supplyAsync(() -> accept(server), OWN_THREAD);
            InetSocketAddress target = (InetSocketAddress) server.getLocalAddress();
            SocketChannel sender = from.call(() -> SocketChannel.open(target));
            return new PodTraffic(server, sender, accepted.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (Exception e) {
            server.close();
            throw e;
        }
    }

    private static SocketChannel accept(ServerSocketChannel server) {
        try {
            return server.accept();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends so many random bytes there, and back again what arrived; fails if they differ. */
    void exchange(int bytes) throws Exception {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        byte[] arrived = carry(sender, receiver, content);
        byte[] returned = carry(receiver, sender, arrived);
        if (!Arrays.equals(content, returned)) {
            throw new AssertionError(bytes + " bytes did not come back as they were sent");
        }
    }

    /** Sends so many bytes there, whether they arrive or not. */
    void send(int bytes) throws IOException {
        sender.write(ByteBuffer.allocate(bytes));
    }

    private static byte[] carry(SocketChannel from, SocketChannel to, byte[] content)
            throws Exception {
        CompletableFuture<byte[]> arrived =
                CompletableFuture.supplyAsync(() -> receive(to, content.length), OWN_THREAD);
        ByteBuffer rest = ByteBuffer.wrap(content);
        CompletableFuture<Void> sent =
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                while (rest.hasRemaining()) {
                                    from.write(rest);
                                }
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        OWN_THREAD);
        sent.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        return arrived.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static byte[] receive(SocketChannel from, int bytes) {
        ByteBuffer content = ByteBuffer.allocate(bytes);
        try {
            while (content.hasRemaining()) {
                ByteBuffer window = content.slice();
                window.limit(Math.min(CHUNK, window.remaining()));
                int count = from.read(window);
                if (count < 0) {
                    throw new IOException("the connection ended early");
                }
                content.position(content.position() + count);
            }
            return content.array();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        sender.close();
        receiver.close();
        server.close();
    }
}
