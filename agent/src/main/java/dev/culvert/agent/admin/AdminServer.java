package dev.culvert.agent.admin;

import dev.culvert.linux.UnixServerSocket;
import dev.culvert.linux.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Serves the command line at a Unix socket of mode 0600: HTTP/1.1 (RFC 9112), one request a
 * connection, parameters in the query, no bodies. One thread accepts and each request has one of a
 * bounded number of threads; what is too many, too long or too slow is refused. {@link #start} and
 * {@link #close} belong to one thread.
 */
public final class AdminServer implements AutoCloseable {
    /** The socket's name in the run directory. */
    public static final String SOCKET = "agent.sock";

    /** How long a caller may neither send nor take anything. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Logger LOG = LogManager.getLogger(AdminServer.class);
    private static final int WORKERS = 16;
    private static final int LONGEST_HEAD = 8 << 10;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private final Path path;
    private final Map<String, AdminHandler> handlers;
    private final Duration patience;
    private final Set<UnixSocket> open = ConcurrentHashMap.newKeySet();
    private @Nullable UnixServerSocket server;
    private @Nullable ThreadPoolExecutor workers;
    private @Nullable Thread acceptor;

    /**
     * @param path where to listen
     * @param handlers by method and path, for example {@code GET /v1/status}
     */
    public AdminServer(Path path, Map<String, AdminHandler> handlers) {
        this(path, handlers, PATIENCE);
    }

    AdminServer(Path path, Map<String, AdminHandler> handlers, Duration patience) {
        this.path = path;
        this.handlers = Map.copyOf(handlers);
        this.patience = patience;
    }

    /**
     * Listens, in place of a server that died.
     *
     * @throws IOException if another one answers there, or the directory cannot be written
     */
    public void start() throws IOException {
        Path directory = path.getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        UnixServerSocket listening = UnixServerSocket.bind(path);
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(
                        0,
                        WORKERS,
                        10,
                        TimeUnit.SECONDS,
                        new SynchronousQueue<>(),
                        Thread.ofPlatform().daemon().name("admin-", 0).factory());
        server = listening;
        workers = pool;
        acceptor =
                Thread.ofPlatform()
                        .daemon()
                        .name("admin-accept")
                        .start(() -> accept(listening, pool));
    }

    private void accept(UnixServerSocket listening, ExecutorService pool) {
        try {
            for (UnixSocket connection = listening.accept();
                    connection != null;
                    connection = listening.accept()) {
                hand(connection, pool);
            }
        } catch (IOException e) {
            LOG.error("the command line's socket is lost: restart the agent path={}", path, e);
        }
    }

    private void hand(UnixSocket connection, ExecutorService pool) {
        open.add(connection);
        try {
            pool.execute(() -> serve(connection));
        } catch (RejectedExecutionException _) {
            // The socket's buffer is empty, so this does not wait.
            tryToRefuse(
                    new AdminAnswer(connection),
                    AdminException.UNAVAILABLE,
                    "%d requests are being answered: end some of them".formatted(WORKERS));
            finish(connection);
        }
    }

    private void serve(UnixSocket connection) {
        AdminAnswer answer = new AdminAnswer(connection);
        try {
            connection.setTimeout(patience);
            requireOwner(connection);
            AdminRequest request = AdminRequest.parse(firstLine(connection));
            handler(request).handle(request, answer);
        } catch (AdminException e) {
            tryToRefuse(answer, e.status(), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            LOG.debug("a request of the command line broke off reason={}", e.getMessage());
            tryToRefuse(answer, 500, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("a request of the command line failed", e);
            tryToRefuse(answer, 500, "the agent failed; its log says more: " + e);
        } finally {
            finish(connection);
        }
    }

    private static void requireOwner(UnixSocket connection) throws IOException {
        int caller = connection.peerCredentials().uid();
        int own = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (caller != 0 && caller != own) {
            throw new AdminException(403, "user " + caller + " may not ask: be root");
        }
    }

    private AdminHandler handler(AdminRequest request) throws AdminException {
        AdminHandler handler = handlers.get(request.method() + " " + request.path());
        if (handler == null) {
            throw new AdminException(
                    AdminException.NOT_FOUND,
                    "this agent knows no %s %s: is it older or newer than the command line?"
                            .formatted(request.method(), request.path()));
        }
        return handler;
    }

    /** The whole head is read, or its rest would break the connection at the end. */
    private String firstLine(UnixSocket connection) throws IOException {
        byte[] head = new byte[LONGEST_HEAD];
        int length = 0;
        long end = System.nanoTime() + patience.toNanos();
        while (!endsHead(head, length)) {
            if (length == head.length) {
                throw new AdminException(
                        431, "the request is longer than %d bytes".formatted(LONGEST_HEAD));
            }
            int count = connection.receive(head, length, head.length - length, new ArrayList<>());
            if (count == 0 || System.nanoTime() - end > 0) {
                throw new AdminException(408, "the request came to no end");
            }
            length += count;
        }
        String text = new String(head, 0, length, StandardCharsets.UTF_8);
        return text.substring(0, text.indexOf('\r'));
    }

    private static boolean endsHead(byte[] head, int length) {
        return length >= 4
                && head[length - 4] == '\r'
                && head[length - 3] == '\n'
                && head[length - 2] == '\r'
                && head[length - 1] == '\n';
    }

    private static void tryToRefuse(AdminAnswer answer, int status, String sentence) {
        try {
            answer.refuse(status, sentence);
        } catch (IOException e) {
            LOG.debug("the refused caller is gone reason={}", e.getMessage());
        }
    }

    private void finish(UnixSocket connection) {
        open.remove(connection);
        connection.close();
    }

    /** Stops, and cuts off what still runs after a moment. */
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
            pool.shutdownNow();
            if (pool.awaitTermination(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                open.forEach(this::finish);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
