package dev.culvert.agent.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Serves the page at {@code /} and what belongs to it, all from this package: it needs nothing from
 * elsewhere, and a browser is told to allow nothing else. Stateless, any thread.
 */
final class PageFiles implements HttpHandler {
    private static final String HTML = "text/html; charset=utf-8";
    private static final String CSS = "text/css; charset=utf-8";
    private static final String SCRIPT = "text/javascript; charset=utf-8";

    private static final Map<String, String> TYPES =
            Map.of(
                    "index.html", HTML,
                    "page.css", CSS,
                    "page.js", SCRIPT,
                    "format.js", SCRIPT,
                    "grid.js", SCRIPT,
                    "map.js", SCRIPT,
                    "rates.js", SCRIPT);

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String name = path.equals("/") ? "index.html" : path.substring(1);
            String type = TYPES.get(name);
            if (type == null) {
                send(exchange, 404, "there is nothing here\n".getBytes(StandardCharsets.UTF_8));
                return;
            }
            Headers headers = exchange.getResponseHeaders();
            headers.set("Content-Type", type);
            headers.set("Content-Security-Policy", POLICY);
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "no-referrer");
            // Another version of the agent may answer the next time.
            headers.set("Cache-Control", "no-cache");
            send(exchange, 200, read(name));
        }
    }

    private static byte[] read(String name) throws IOException {
        try (InputStream file = PageFiles.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IOException("culvert.jar lacks " + name);
            }
            return file.readAllBytes();
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }
}
