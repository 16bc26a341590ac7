package dev.culvert.agent.kube;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Watchable;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * Stands before the mock server and serves lists and watches by the API server's rules, or breaks
 * them where a test asks for it. Any thread may ask for faults.
 */
final class ApiFront implements AutoCloseable {
    private static final String GONE =
            "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410,"
                    + "\"message\":\"too old resource version\"}";

    private static final String GONE_EVENT = "{\"type\":\"ERROR\",\"object\":" + GONE + "}";

    private final Map<String, WatchCache> caches = new ConcurrentHashMap<>();
    private final List<Watch> sources = new ArrayList<>();
    private final ServerSocket listener;
    private final Map<Follower, String> followers = new ConcurrentHashMap<>();
    private final Queue<Script> listScript = new ConcurrentLinkedQueue<>();
    private final Queue<Script> watchScript = new ConcurrentLinkedQueue<>();
    private final AtomicInteger lists = new AtomicInteger();
    private final AtomicInteger watches = new AtomicInteger();
    private final List<String> queries = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger expiringPages = new AtomicInteger();
    private volatile boolean tellsGoneAsEvent;
    private volatile boolean disorderly;
    private volatile int mostItems = Integer.MAX_VALUE;

    /** An answer that comes instead of the right one. */
    private record Script(int status, String body) {}

    private ApiFront(ServerSocket listener) {
        this.listener = listener;
    }

    static ApiFront listen() throws IOException {
        ApiFront front = new ApiFront(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        Thread.ofVirtual().start(front::accept);
        return front;
    }

    /** Serves what {@code objects} of the mock server tells at {@code path}. */
    <T extends HasMetadata> ApiFront serve(
            String path, Watchable<T> objects, KubernetesClient client) {
        WatchCache cache = new WatchCache();
        caches.put(path, cache);
        sources.add(
                objects.watch(
                        new Watcher<>() {
                            @Override
                            public void eventReceived(Action action, T object) {
                                String json = client.getKubernetesSerialization().asJson(object);
                                cache.changed(action.name(), object, json);
                            }

                            @Override
                            public void onClose(WatcherException cause) {}
                        }));
        return this;
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many lists were answered, each page by itself. */
    int lists() {
        return lists.get();
    }

    /** How many watches were begun. */
    int watches() {
        return watches.get();
    }

    /** How many watches are being served now. */
    int watchers() {
        return followers.size();
    }

    /** The queries of all requests so far. */
    List<String> queries() {
        return List.copyOf(queries);
    }

    WatchCache cache(String path) {
        return caches.getOrDefault(path, new WatchCache());
    }

    /** The next list requests get this instead. */
    void failLists(int times, int status, String body) {
        for (int i = 0; i < times; i++) {
            listScript.add(new Script(status, body));
        }
    }

    /** The next watch requests get this instead. */
    void failWatches(int times, int status, String body) {
        for (int i = 0; i < times; i++) {
            watchScript.add(new Script(status, body));
        }
    }

    /** Whether 410 comes as an ERROR event instead of the request's status. */
    void tellGoneAsEvent(boolean asEvent) {
        tellsGoneAsEvent = asEvent;
    }

    /** Whether events come twice, late and in another order. */
    void disorder(boolean on) {
        disorderly = on;
    }

    /** The next pages but first ones are no longer known. */
    void expirePages(int times) {
        expiringPages.set(times);
    }

    /** Pages are never larger than this, whatever is asked for. */
    void limitPages(int items) {
        mostItems = items;
    }

    /** Sends this to everybody who watches. */
    void inject(String json) {
        followers.keySet().forEach(follower -> follower.extra.add(json));
    }

    /** Sends everybody who watches a bookmark with the present version. */
    void bookmark() {
        followers.forEach(
                (follower, path) ->
                        follower.extra.add(
                                ("{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Bookmark\","
                                                + "\"metadata\":{\"resourceVersion\":\"%d\"}}}")
                                        .formatted(cache(path).version())));
    }

    /** Ends all watches in good order. */
    void endWatches() {
        followers.keySet().forEach(follower -> follower.ending = true);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                // Closed: the loop ends.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
            String line = in.readLine();
            while (line != null && answer(line, headers(in), socket)) {
                line = in.readLine();
            }
        } catch (IOException _) {
            // The other side has left.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> headers(BufferedReader in) throws IOException {
        Map<String, String> headers = new HashMap<>();
        String line = in.readLine();
        while (line != null && !line.isEmpty()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
            line = in.readLine();
        }
        return headers;
    }

    /** Whether the connection may be used again. */
    private boolean answer(String line, Map<String, String> headers, Socket socket)
            throws IOException, InterruptedException {
        String target = line.split(" ", -1)[1];
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark);
        String query = mark < 0 ? "" : target.substring(mark + 1);
        queries.add(query);
        Map<String, String> parameters = parameters(query);
        Predicate<JsonNode> wanted = selector(parameters.getOrDefault("fieldSelector", ""));
        OutputStream out = socket.getOutputStream();
        if (!parameters.getOrDefault("watch", "").equals("true")) {
            list(cache(path), parameters, wanted, out);
            return true;
        }
        watches.incrementAndGet();
        Script script = watchScript.poll();
        long from = Long.parseLong(parameters.getOrDefault("resourceVersion", "0"));
        boolean gone = cache(path).isForgotten(from);
        if (script != null) {
            write(out, script.status(), script.body());
        } else if (gone && !tellsGoneAsEvent) {
            write(out, 410, GONE);
        } else {
            upgrade(headers.getOrDefault("sec-websocket-key", ""), out);
            new Follower(out).follow(path, from, wanted, gone);
        }
        return false;
    }

    private void list(
            WatchCache cache,
            Map<String, String> parameters,
            Predicate<JsonNode> wanted,
            OutputStream out)
            throws IOException {
        lists.incrementAndGet();
        Script script = listScript.poll();
        if (script != null) {
            write(out, script.status(), script.body());
            return;
        }
        int limit = Integer.parseInt(parameters.getOrDefault("limit", "0"));
        String next = parameters.getOrDefault("continue", "");
        boolean expired =
                !next.isEmpty() && expiringPages.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
        String body = cache.list(limit == 0 ? 0 : Math.min(limit, mostItems), next, wanted);
        if (expired || body == null) {
            write(out, 410, GONE);
        } else {
            write(out, 200, body);
        }
    }

    private static Predicate<JsonNode> selector(String selector) {
        if (selector.isEmpty()) {
            return _ -> true;
        }
        String value = selector.substring(selector.indexOf('=') + 1);
        String pointer = "/" + selector.substring(0, selector.indexOf('=')).replace('.', '/');
        return object -> object.at(pointer).asString("").equals(value);
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new HashMap<>();
        for (String each : query.split("&", -1)) {
            int equals = each.indexOf('=');
            if (equals > 0) {
                parameters.put(
                        each.substring(0, equals),
                        URLDecoder.decode(each.substring(equals + 1), UTF_8));
            }
        }
        return parameters;
    }

    private static void write(OutputStream out, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(UTF_8);
        String head =
                "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        .formatted(status, bytes.length);
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(head.getBytes(ISO_8859_1));
        whole.write(bytes);
        out.write(whole.toByteArray());
        out.flush();
    }

    /** RFC 6455, section 4.2.2. */
    private static void upgrade(String key, OutputStream out) throws IOException {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1")
                            .digest(
                                    (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                            .getBytes(ISO_8859_1));
            String head =
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: "
                            + Base64.getEncoder().encodeToString(digest)
                            + "\r\n\r\n";
            out.write(head.getBytes(ISO_8859_1));
            out.flush();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    @Override
    public void close() throws IOException {
        sources.forEach(Watch::close);
        listener.close();
        followers.keySet().forEach(follower -> follower.ending = true);
    }

    /** One watch that is being served. */
    private final class Follower {
        private static final int TEXT = 0x81;
        private static final int CLOSE = 0x88;

        private final OutputStream out;
        private final Queue<String> extra = new ConcurrentLinkedQueue<>();
        private final Deque<String> sent = new ArrayDeque<>();
        private final Random random = new Random(1);
        private volatile boolean ending;

        Follower(OutputStream out) {
            this.out = out;
        }

        void follow(String path, long from, Predicate<JsonNode> wanted, boolean gone)
                throws IOException, InterruptedException {
            if (gone) {
                frame(TEXT, GONE_EVENT);
                return;
            }
            followers.put(this, path);
            try {
                follow(cache(path), from, wanted);
            } finally {
                followers.remove(this);
            }
            frame(CLOSE, "");
        }

        private void follow(WatchCache cache, long from, Predicate<JsonNode> wanted)
                throws IOException, InterruptedException {
            long position = from;
            while (!ending) {
                for (String each = extra.poll(); each != null; each = extra.poll()) {
                    frame(TEXT, each);
                }
                if (cache.isForgotten(position)) {
                    frame(TEXT, GONE_EVENT);
                    return;
                }
                WatchCache.Event event = cache.after(position, wanted);
                if (event == null) {
                    continue;
                }
                WatchCache.Event next =
                        disorderly && random.nextInt(3) == 0
                                ? cache.after(event.version(), wanted)
                                : null;
                if (next != null) {
                    send(next.json());
                    position = next.version();
                } else {
                    position = event.version();
                }
                send(event.json());
            }
        }

        private void send(String json) throws IOException {
            frame(TEXT, json);
            sent.addFirst(json);
            if (sent.size() > 5) {
                sent.removeLast();
            }
            if (disorderly && random.nextInt(3) == 0) {
                // Something that was told a while ago.
                frame(TEXT, random.nextBoolean() ? sent.getLast() : json);
            }
        }

        /** Frames from a server are not masked. */
        private void frame(int kind, String text) throws IOException {
            byte[] body = kind == CLOSE ? new byte[] {0x03, (byte) 0xe8} : text.getBytes(UTF_8);
            ByteBuffer frame = ByteBuffer.allocate(body.length + 10);
            frame.put((byte) kind);
            if (body.length < 126) {
                frame.put((byte) body.length);
            } else if (body.length <= 0xffff) {
                frame.put((byte) 126).putShort((short) body.length);
            } else {
                frame.put((byte) 127).putLong(body.length);
            }
            frame.put(body);
            out.write(frame.array(), 0, frame.position());
            out.flush();
        }
    }
}
