package dev.culvert.demo;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * Sockets that belong to the network namespace behind a path. A socket stays in the namespace that
 * it was made in, so only its making happens there, on a platform thread that is then thrown away;
 * any thread may use it afterwards.
 *
 * @param path a namespace file, such as {@code /proc/PID/ns/net}
 */
record NamespaceSockets(Path path) {
    private static final int CONNECT_LIMIT_MILLIS = 5_000;

    /** A TCP connection to {@code peer}. */
    SocketChannel connect(InetSocketAddress peer) throws IOException {
        SocketChannel channel = within(SocketChannel::open);
        try {
            channel.socket().connect(peer, CONNECT_LIMIT_MILLIS);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw new IOException("connect to " + peer + ": " + e.getMessage(), e);
        }
    }

    /** A TCP server that listens on {@code local}. */
    ServerSocketChannel listen(InetSocketAddress local) throws IOException {
        return within(ServerSocketChannel::open).bind(local);
    }

    /** A UDP socket, not bound yet. */
    DatagramChannel datagram() throws IOException {
        return within(DatagramChannel::open);
    }

    private <T> T within(Callable<T> action) throws IOException {
        try (NetworkNamespace namespace = NetworkNamespace.open(path)) {
            return namespace.call(action);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot make a socket in " + path + ": " + e.getMessage(), e);
        }
    }
}
