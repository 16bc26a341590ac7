package dev.culvert.demo;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What runs in every pod: a TCP and a UDP service on one port that answer with the digest of what
 * they received and with the address that it came from, as this pod sees it. Threads of its own;
 * {@link #close} from any thread.
 */
final class PodServer implements AutoCloseable {
    static final int PORT = 7777;
    private static final int CHUNK = 128 * 1024;

    private final ServerSocketChannel tcp;
    private final DatagramChannel udp;

    private PodServer(ServerSocketChannel tcp, DatagramChannel udp) {
        this.tcp = tcp;
        this.udp = udp;
    }

    static PodServer start(Pod pod) throws IOException {
        InetSocketAddress local = new InetSocketAddress(InetAddress.ofLiteral(pod.address()), PORT);
        ServerSocketChannel tcp = pod.sockets().listen(local);
        DatagramChannel udp = pod.sockets().datagram();
        PodServer server = new PodServer(tcp, udp.bind(local));
        Thread.ofPlatform().daemon().name(pod.name() + "-tcp").start(server::serveTcp);
        Thread.ofPlatform().daemon().name(pod.name() + "-udp").start(server::serveUdp);
        return server;
    }

    private void serveTcp() {
        try {
            while (true) {
                answerAndClose(tcp.accept());
            }
        } catch (ClosedChannelException _) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answerAndClose(SocketChannel client) throws IOException {
        try (client) {
            answer(client);
        } catch (SocketException | EOFException _) {
            // A broken client must not end the service; the client reports what it met.
            return;
        }
    }

    private static void answer(SocketChannel client) throws IOException {
        String peer = addressOf(client.getRemoteAddress());
        DataInputStream in = new DataInputStream(client.socket().getInputStream());
        long length = in.readLong();
        String digest = digest(in, length);
        byte[] line = (digest + " " + peer).getBytes(StandardCharsets.UTF_8);
        client.socket().getOutputStream().write(line);
    }

    private static String digest(InputStream in, long length) throws IOException {
        Digest digest = new Digest();
        byte[] chunk = new byte[CHUNK];
        long left = length;
        while (left > 0) {
            int count = in.read(chunk, 0, (int) Math.min(chunk.length, left));
            if (count < 0) {
                break;
            }
            digest.add(chunk, count);
            left -= count;
        }
        return digest.hex();
    }

    private void serveUdp() {
        ByteBuffer buffer = ByteBuffer.allocate(65_536);
        try {
            while (true) {
                SocketAddress peer = udp.receive(buffer.clear());
                byte[] payload = Arrays.copyOf(buffer.array(), buffer.position());
                String line = Digest.of(payload) + " " + addressOf(peer);
                udp.send(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)), peer);
            }
        } catch (ClosedChannelException _) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String addressOf(SocketAddress peer) {
        return ((InetSocketAddress) peer).getAddress().getHostAddress();
    }

    @Override
    public void close() throws IOException {
        tcp.close();
        udp.close();
    }
}
