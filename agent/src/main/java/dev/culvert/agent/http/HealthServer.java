package dev.culvert.agent.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Serves {@code /healthz}, {@code /readyz}, {@code /status} and {@code /metrics}, and a page for
 * people at {@code /}. Asks its suppliers on its own threads, for each request.
 */
public final class HealthServer implements AutoCloseable {
    private static final String REVISION = "revision=";
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    /** A large cluster's status and metrics are read again and again, perhaps from afar. */
    private static final int WORTH_PACKING = 16 * 1024;

    private final InetSocketAddress address;
    private final Sources sources;
    private @Nullable HttpServer server;
    private @Nullable ExecutorService executor;

    /**
     * Where the answers come from.
     *
     * @param liveness what must hold, or the agent should be started anew: a name, and a sentence
     *     or nothing when it holds; asked with the revision that the caller names, maybe empty
     * @param conditions what readiness needs, likewise
     * @param status JSON
     * @param metrics in Prometheus' text format
     */
    public record Sources(
            Function<String, Map<String, String>> liveness,
            Function<String, Map<String, String>> conditions,
            Supplier<String> status,
            Supplier<String> metrics) {}

    /** Nothing is bound before {@link #start}. */
    public HealthServer(InetSocketAddress address, Sources sources) {
        this.address = address;
        this.sources = sources;
    }

    /**
     * Listens.
     *
     * @throws IOException with a sentence when the address is taken
     */
    public void start() throws IOException {
        HttpServer created = bind();
        ExecutorService threads =
                Executors.newFixedThreadPool(
                        2, Thread.ofPlatform().daemon().name("http-", 0).factory());
        created.setExecutor(threads);
        created.createContext(
                "/healthz",
                exchange ->
                        answer(exchange, sources.liveness().apply(revision(exchange)), "alive"));
        created.createContext(
                "/readyz",
                exchange ->
                        answer(exchange, sources.conditions().apply(revision(exchange)), "ready"));
        created.createContext(
                "/status", exchange -> answer(exchange, 200, JSON, sources.status().get()));
        created.createContext(
                "/metrics", exchange -> answer(exchange, 200, PROMETHEUS, sources.metrics().get()));
        created.createContext("/", new PageFiles());
        created.start();
        server = created;
        executor = threads;
    }

    private HttpServer bind() throws IOException {
        try {
            return HttpServer.create(address, 0);
        } catch (BindException e) {
            throw new IOException(
                    ("cannot listen on %s:%d for health and metrics (%s): stop what is there or set"
                                    + " another httpAddress or httpPort")
                            .formatted(
                                    address.getAddress().getHostAddress(),
                                    address.getPort(),
                                    e.getMessage()),
                    e);
        }
    }

    /** Where it listens, with the port that was given when 0 was asked for. */
    public InetSocketAddress address() {
        HttpServer running = server;
        return running == null ? address : running.getAddress();
    }

    /** Which agent is meant, where several share the port one after the other. */
    private static String revision(HttpExchange exchange) {
        String query = exchange.getRequestURI().getQuery();
        return query != null && query.startsWith(REVISION)
                ? query.substring(REVISION.length())
                : "";
    }

    /** Each condition on a line, and whether all hold. */
    private static void answer(HttpExchange exchange, Map<String, String> conditions, String what)
            throws IOException {
        boolean all = conditions.values().stream().allMatch(String::isEmpty);
        String lines =
                conditions.entrySet().stream()
                        .map(
                                each ->
                                        each.getValue().isEmpty()
                                                ? "[+] %s ok\n".formatted(each.getKey())
                                                : "[-] %s: %s\n"
                                                        .formatted(each.getKey(), each.getValue()))
                        .collect(Collectors.joining());
        answer(exchange, all ? 200 : 503, TEXT, lines + (all ? "" : "not ") + what + "\n");
    }

    private static void answer(HttpExchange exchange, int status, String type, String body)
            throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            if (bytes.length > WORTH_PACKING && takesGzip(exchange)) {
                exchange.getResponseHeaders().set("Content-Encoding", "gzip");
                bytes = packed(bytes);
            }
            exchange.sendResponseHeaders(status, bytes.length);
            OutputStream out = exchange.getResponseBody();
            out.write(bytes);
        }
    }

    private static boolean takesGzip(HttpExchange exchange) {
        return exchange.getRequestHeaders().getOrDefault("Accept-Encoding", List.of()).stream()
                .anyMatch(each -> each.contains("gzip"));
    }

    private static byte[] packed(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(bytes.length / 4);
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        }
        return packed.toByteArray();
    }

    @Override
    public void close() {
        HttpServer running = server;
        if (running != null) {
            running.stop(0);
            server = null;
        }
        ExecutorService threads = executor;
        if (threads != null) {
            threads.shutdownNow();
            executor = null;
        }
    }
}
