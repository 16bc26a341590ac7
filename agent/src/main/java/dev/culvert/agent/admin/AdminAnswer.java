package dev.culvert.agent.admin;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UnixSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The answer to one request: a value, or bytes as they come. One thread. Writing waits at most for
 * the socket's timeout, so that a caller who does not read ends his own request only.
 */
public final class AdminAnswer {
    private static final JsonMapper JSON = new JsonMapper();

    private final UnixSocket socket;
    private boolean begun;

    AdminAnswer(UnixSocket socket) {
        this.socket = socket;
    }

    /** Answers with this value as JSON. */
    public void json(Object value) throws IOException {
        send(200, "OK", value);
    }

    /** Begins an answer that ends with the connection; nothing else may be sent after that. */
    public OutputStream stream(String contentType) throws IOException {
        socket.send(ascii(head(200, "OK", contentType) + "\r\n"));
        begun = true;
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                socket.send(new byte[] {(byte) one});
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (length > 0) {
                    socket.send(bytes, offset, length);
                }
            }
        };
    }

    /** Whether the caller has closed his end, as one does who was interrupted. */
    public boolean callerIsGone() throws IOException {
        socket.setTimeout(Duration.ofMillis(1));
        try {
            return socket.receive(new byte[1], 0, 1, new ArrayList<>()) == 0;
        } catch (LinuxException e) {
            return !e.errno().equals(Errno.ETIMEDOUT);
        } finally {
            socket.setTimeout(AdminServer.PATIENCE);
        }
    }

    void refuse(int status, String sentence) throws IOException {
        if (!begun) {
            send(status, "Refused", Map.of("error", sentence));
        }
    }

    private void send(int status, String reason, Object value) throws IOException {
        begun = true;
        byte[] body = (JSON.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
        String head = head(status, reason, "application/json");
        socket.send(ascii(head + "Content-Length: " + body.length + "\r\n\r\n"));
        socket.send(body);
    }

    private static String head(int status, String reason, String contentType) {
        return "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nConnection: close\r\n"
                .formatted(status, reason, contentType);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
