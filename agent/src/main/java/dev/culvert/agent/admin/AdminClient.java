package dev.culvert.agent.admin;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Asks the agent of this node at its socket. One thread for each request. */
public final class AdminClient {
    /** How long the agent may be silent. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final int OK = 200;
    private static final int ECONNRESET = 104;
    private static final int LONGEST_HEAD = 8 << 10;

    private final Path socket;

    /** Nothing is opened before something is asked. */
    public AdminClient(Path socket) {
        this.socket = socket;
    }

    /**
     * The JSON that the agent answers.
     *
     * @throws NoAgentException if nobody answers at the socket
     * @throws AdminException what the agent refused
     */
    public String get(String path, Map<String, String> query) throws IOException {
        return text("GET", path, query);
    }

    /** The same for what changes something. */
    public String post(String path, Map<String, String> query) throws IOException {
        return text("POST", path, query);
    }

    private String text(String method, String path, Map<String, String> query) throws IOException {
        StringBuilder body = new StringBuilder();
        exchange(
                method,
                path,
                query,
                answer -> body.append(new String(answer.readAllBytes(), StandardCharsets.UTF_8)));
        return body.toString();
    }

    /** Takes an answer that comes bit by bit. */
    @FunctionalInterface
    public interface AnswerReader {
        /** Reads until it has enough. */
        void read(InputStream answer) throws IOException;
    }

    /** Has {@code reader} take an answer as it comes. */
    public void stream(String path, Map<String, String> query, AnswerReader reader)
            throws IOException {
        exchange("GET", path, query, reader);
    }

    private void exchange(
            String method, String path, Map<String, String> query, AnswerReader reader)
            throws IOException {
        try (UnixSocket connection = connect()) {
            connection.setTimeout(PATIENCE);
            String request =
                    "%s %s%s HTTP/1.1\r\nHost: culvert\r\nConnection: close\r\n\r\n"
                            .formatted(method, path, query(query));
            send(connection, request.getBytes(StandardCharsets.UTF_8));
            InputStream answer = input(connection);
            int status = status(head(answer));
            if (status != OK) {
                throw new AdminException(status, reason(status, answer.readAllBytes()));
            }
            reader.read(answer);
        }
    }

    /** Whoever is refused at once may find the other end closed, and the answer there. */
    private static void send(UnixSocket connection, byte[] request) throws LinuxException {
        try {
            connection.send(request);
        } catch (LinuxException e) {
            if (!e.errno().equals(Errno.EPIPE)) {
                throw e;
            }
        }
    }

    private static String query(Map<String, String> query) {
        return query.isEmpty()
                ? ""
                : query.entrySet().stream()
                        .map(each -> encode(each.getKey()) + "=" + encode(each.getValue()))
                        .collect(Collectors.joining("&", "?", ""));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String head(InputStream answer) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int one = answer.read();
            if (one < 0 || head.length() > LONGEST_HEAD) {
                throw new EOFException("the agent broke off before it answered");
            }
            head.append((char) one);
        }
        return head.toString();
    }

    private static int status(String head) throws IOException {
        try {
            return Integer.parseInt(head.split(" ", 3)[1]);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IOException("what answers is no agent: " + head.lines().findFirst(), e);
        }
    }

    private static String reason(int status, byte[] body) {
        try {
            return new JsonMapper().readTree(body).path("error").asString("HTTP status " + status);
        } catch (JacksonException _) {
            return "HTTP status " + status;
        }
    }

    private UnixSocket connect() throws IOException {
        try {
            return UnixSocket.connect(socket);
        } catch (LinuxException e) {
            throw new NoAgentException(
                    "no agent answers at %s: %s".formatted(socket, remedy(e.errno())), e);
        }
    }

    private static String remedy(Errno errno) {
        if (errno.equals(Errno.EACCES) || errno.equals(Errno.EPERM)) {
            return "permission denied; only root may ask, so try sudo";
        }
        if (errno.equals(Errno.ECONNREFUSED)) {
            return "the socket is there, but nobody listens; the agent has died: see its log";
        }
        if (errno.equals(Errno.ENOENT)) {
            return "there is no such socket; is the agent running on this node, and is its runDir"
                    + " this one (--config or --socket)? Outside of its pod, /run/culvert must be"
                    + " the node's own";
        }
        return errno.description();
    }

    private static InputStream input(UnixSocket connection) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) == 1 ? one[0] & 0xff : -1;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                int count = receive(connection, buffer, offset, length);
                return count == 0 ? -1 : count;
            }
        };
    }

    /** The kernel tells of a reset, behind the answer, where a request was not read to its end. */
    private static int receive(UnixSocket connection, byte[] buffer, int offset, int length)
            throws LinuxException {
        try {
            return connection.receive(buffer, offset, length, new ArrayList<>());
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.of(ECONNRESET))) {
                return 0;
            }
            throw e;
        }
    }
}
