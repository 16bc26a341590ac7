package dev.culvert.agent.cni;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UnixServerSocket;
import dev.culvert.linux.UnixSocket;
import dev.culvert.linux.netns.NetworkNamespace;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Accepts connections of the CNI executable and answers the one request of each. One thread
 * accepts, a bounded number of platform threads (never virtual ones: they enter namespaces) carry
 * out. {@link #start} and {@link #close} belong to the agent's main thread.
 *
 * <p>Metric: {@code culvert_cni_malformed_total}, connections that did not hold a request.
 */
final class CniServer implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(CniServer.class);
    private static final int WORKERS = 16;
    private static final int WAITING = 1024;
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

    private final Path path;
    private final CniDispatcher dispatcher;
    private final CallOrder order;
    private final LongConsumer before;
    private final int uid;
    private final MeterRegistry metrics;
    private final Set<UnixSocket> open = ConcurrentHashMap.newKeySet();
    private @Nullable UnixServerSocket server;
    private @Nullable ExecutorService workers;
    private @Nullable Thread acceptor;

    /**
     * @param path where to listen
     * @param order numbers the calls as they come
     * @param before done before each call, with its number
     * @param uid the user who may connect, besides root
     */
    CniServer(
            Path path,
            CniDispatcher dispatcher,
            CallOrder order,
            LongConsumer before,
            int uid,
            MeterRegistry metrics) {
        this.path = path;
        this.dispatcher = dispatcher;
        this.order = order;
        this.before = before;
        this.uid = uid;
        this.metrics = metrics;
    }

    /** Binds the socket: executables that come now wait until {@link #start}. */
    void bind() throws LinuxException {
        server = UnixServerSocket.bind(path);
    }

    /** Starts to answer. */
    void start() {
        UnixServerSocket listening = server;
        if (listening == null) {
            throw new IllegalStateException("bind comes before start");
        }
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        WORKERS,
                        WORKERS,
                        1,
                        TimeUnit.MINUTES,
                        new LinkedBlockingQueue<>(WAITING),
                        Thread.ofPlatform().daemon().name("cni-", 0).factory());
        pool.allowCoreThreadTimeOut(true);
        workers = pool;
        acceptor =
                Thread.ofPlatform()
                        .daemon()
                        .name("cni-accept")
                        .start(() -> accept(listening, pool));
    }

    /** Whether it accepted requests and does so no more. */
    boolean hasEnded() {
        Thread thread = acceptor;
        return thread != null && thread.getState() == Thread.State.TERMINATED;
    }

    private void accept(UnixServerSocket listening, ExecutorService pool) {
        try {
            for (UnixSocket connection = listening.accept();
                    connection != null;
                    connection = listening.accept()) {
                hand(connection, pool);
            }
        } catch (IOException e) {
            LOG.error("the CNI socket is lost: restart the agent path={}", path, e);
        }
    }

    private void hand(UnixSocket connection, ExecutorService pool) {
        open.add(connection);
        long number = order.enter();
        try {
            pool.execute(() -> serve(connection, number));
        } catch (RejectedExecutionException _) {
            LOG.warn("too many CNI calls at once; one is refused waiting={}", WAITING);
            order.leave(number);
            finish(connection);
        }
    }

    private void serve(UnixSocket connection, long number) {
        List<Descriptor> passed = new ArrayList<>();
        try {
            connection.setTimeout(REQUEST_TIMEOUT);
            int peer = connection.peerCredentials().uid();
            if (peer != 0 && peer != uid) {
                throw new CniFraming.MalformedException("user " + peer + " may not make CNI calls");
            }
            InputStream bytes = new SocketBytes(connection, passed);
            answer(connection, CniFraming.read(bytes), passed, number);
        } catch (CniFraming.MalformedException e) {
            refuse(connection, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            countMalformed();
            LOG.warn("a CNI call broke off reason={}", e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("a CNI call failed", e);
        } finally {
            passed.forEach(Descriptor::close);
            order.leave(number);
            finish(connection);
        }
    }

    private void answer(
            UnixSocket connection, CniFraming.Message message, List<Descriptor> passed, long number)
            throws IOException {
        before.accept(number);
        CniRequest request = new CniRequest(message);
        CniDispatcher.Delivery delivery =
                answer -> connection.send(CniFraming.answer(answer.exitStatus(), answer.stdout()));
        NetworkNamespace namespace = null;
        try {
            // From here on the namespace owns the descriptor; closing that twice does no harm.
            namespace = passed.isEmpty() ? null : NetworkNamespace.of(passed.getFirst());
        } catch (LinuxException e) {
            request = request.withoutNamespace(e.errno());
        }
        try {
            dispatcher.dispatch(request, namespace, number, delivery);
        } finally {
            if (namespace != null) {
                namespace.close();
            }
        }
    }

    private void refuse(UnixSocket connection, String reason) {
        countMalformed();
        LOG.warn("a CNI call is malformed reason={}", reason);
        CniError error = new CniError(CniError.BAD_INPUT, reason);
        try {
            connection.send(CniFraming.answer(1, error.json(CniVersion.newest().toString())));
        } catch (IOException e) {
            LOG.debug("the refused caller is gone reason={}", e.getMessage());
        }
    }

    private void countMalformed() {
        metrics.counter("culvert.cni.malformed").increment();
    }

    private void finish(UnixSocket connection) {
        open.remove(connection);
        connection.close();
    }

    /** Stops accepting, lets calls that run come to their end, and closes. */
    @Override
    public void close() {
        if (server != null) {
            server.close();
            server = null;
        }
        if (acceptor != null && workers != null) {
            stop(acceptor, workers);
            acceptor = null;
            workers = null;
        }
    }

    private void stop(Thread accepting, ExecutorService pool) {
        try {
            accepting.join(STOP_TIMEOUT);
            pool.shutdown();
            if (!pool.awaitTermination(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                LOG.warn("CNI calls still run; they are cut off count={}", open.size());
                pool.shutdownNow();
            }
        } catch (InterruptedException _) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
        }
        if (pool.isTerminated()) {
            open.forEach(this::finish);
        }
    }

    /** The bytes of a connection; descriptors that come along are put aside. */
    private static final class SocketBytes extends InputStream {
        private final UnixSocket socket;
        private final List<Descriptor> passed;

        SocketBytes(UnixSocket socket, List<Descriptor> passed) {
            this.socket = socket;
            this.passed = passed;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) == 1 ? one[0] & 0xff : -1;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (length == 0) {
                return 0; // the socket would wait for a byte
            }
            int count = socket.receive(buffer, offset, length, passed);
            return count == 0 ? -1 : count;
        }
    }
}
