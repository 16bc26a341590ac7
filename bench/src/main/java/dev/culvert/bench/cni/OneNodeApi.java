package dev.culvert.bench.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * As much of the Kubernetes API as an agent needs for one node without pods that never changes, on
 * the loopback of a namespace. Any thread.
 */
final class OneNodeApi implements AutoCloseable {
    static final String NODE = "node1";
    private static final int PORT = 8080;
    static final String URL = "http://127.0.0.1:" + PORT;

    private final String node;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch closed = new CountDownLatch(1);

    private OneNodeApi(String node, HttpServer server) {
        this.node = node;
        this.server = server;
    }

    /** Serves a node with this address and range. */
    static OneNodeApi start(NetworkNamespace namespace, String address, String podCidr)
            throws Exception {
        String node =
                """
                {"apiVersion":"v1","kind":"Node",
                 "metadata":{"name":"%1$s","uid":"1","resourceVersion":"1",
                             "creationTimestamp":"2026-01-01T00:00:00Z"},
                 "spec":{"podCIDR":"%3$s","podCIDRs":["%3$s"]},
                 "status":{"addresses":[{"type":"InternalIP","address":"%2$s"}]}}"""
                        .formatted(NODE, address, podCidr);
        HttpServer server =
                namespace.call(
                        () ->
                                HttpServer.create(
                                        new InetSocketAddress(
                                                InetAddress.getLoopbackAddress(), PORT),
                                        0));
        OneNodeApi api = new OneNodeApi(node, server);
        server.createContext("/", api::answer);
        server.setExecutor(api.threads);
        server.start();
        return api;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String query = String.valueOf(exchange.getRequestURI().getRawQuery());
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            if (exchange.getRequestHeaders().containsKey("Upgrade")) {
                send(exchange, ""); // no web socket: the client then watches by plain HTTP
            } else if (query.contains("watch=true")) {
                watch(exchange);
            } else {
                send(exchange, body(path));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private String body(String path) {
        boolean nodes = path.equals("/api/v1/nodes");
        if (path.startsWith("/api/v1/nodes/")) {
            return node;
        }
        return "{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[%s]}"
                .formatted(nodes ? "NodeList" : "PodList", nodes ? node : "");
    }

    private static void send(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    /** Nothing ever changes. */
    private void watch(HttpExchange exchange) throws IOException, InterruptedException {
        exchange.sendResponseHeaders(200, 0);
        exchange.getResponseBody().flush();
        closed.await();
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
