package dev.culvert.agent.kube;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What can happen to TCP connections between an agent and the API, on loopback. Any thread may ask
 * for faults.
 */
public final class TcpProxy implements AutoCloseable {
    private static final int PIECE = 1024;

    private final int target;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket listener;
    private volatile Thread acceptor = Thread.ofVirtual().unstarted(() -> {});
    private volatile Duration delay = Duration.ZERO;

    private TcpProxy(int target, ServerSocket listener) {
        this.target = target;
        this.listener = listener;
    }

    /** Listens on a port of the kernel's choice and passes everything on to {@code target}. */
    public static TcpProxy to(int target) throws IOException {
        TcpProxy proxy = new TcpProxy(target, listen(0));
        proxy.accept();
        return proxy;
    }

    private static ServerSocket listen(int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return socket;
    }

    private void accept() {
        ServerSocket current = listener;
        acceptor =
                Thread.ofVirtual()
                        .start(
                                () -> {
                                    while (!current.isClosed()) {
                                        try {
                                            Socket socket = current.accept();
                                            Thread.ofVirtual().start(() -> connect(socket));
                                        } catch (IOException _) {
                                            // Closed: the loop ends.
                                        }
                                    }
                                });
    }

    private void connect(Socket near) {
        try {
            Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
            Link link = new Link(near, far);
            links.add(link);
            Thread.ofVirtual().start(() -> link.pump(near, far));
            link.pump(far, near);
        } catch (IOException _) {
            reset(near);
        }
    }

    /** Where the agent connects to. */
    public int port() {
        return listener.getLocalPort();
    }

    /** How many connections are open. */
    public int connections() {
        return links.size();
    }

    /** Breaks every connection. */
    public void cut() {
        links.forEach(Link::cut);
    }

    /** Nothing passes the present connections any more, and nobody is told. */
    public void freeze() {
        links.forEach(link -> link.frozen = true);
    }

    /** Every kilobyte takes so long from now on. */
    public void slowDown(Duration each) {
        delay = each;
    }

    /** Breaks every connection and refuses new ones. */
    public void leave() throws IOException {
        listener.close();
        try {
            // The kernel's socket lives on while somebody accepts from it.
            acceptor.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        cut();
    }

    /** Listens again on the same port. */
    public void comeBack() throws IOException {
        listener = listen(port());
        accept();
    }

    @Override
    public void close() throws IOException {
        leave();
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException _) {
            // It is gone, which is what was wanted.
        }
    }

    private final class Link {
        private final Socket near;
        private final Socket far;
        private final CountDownLatch over = new CountDownLatch(1);
        private volatile boolean frozen;

        Link(Socket near, Socket far) {
            this.near = near;
            this.far = far;
        }

        void cut() {
            links.remove(this);
            over.countDown();
            reset(near);
            reset(far);
        }

        void pump(Socket from, Socket to) {
            byte[] piece = new byte[PIECE];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                int length = in.read(piece);
                while (length >= 0) {
                    hold();
                    out.write(piece, 0, length);
                    length = in.read(piece);
                }
                hold();
                to.shutdownOutput();
            } catch (IOException _) {
                cut();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            if (near.isInputShutdown() || (near.isOutputShutdown() && far.isOutputShutdown())) {
                cut();
            }
        }

        private void hold() throws InterruptedException {
            if (frozen) {
                over.await();
            }
            if (delay.isPositive()) {
                var _ = over.await(delay.toNanos(), TimeUnit.NANOSECONDS);
            }
        }
    }
}
