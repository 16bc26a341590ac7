package dev.culvert.agent.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AdminServerTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir private Path directory;
    private Path path;
    private AdminServer server;
    private AdminClient client;
    private final CountDownLatch release = new CountDownLatch(1);

    @BeforeEach
    void start() throws IOException {
        path = directory.resolve("agent.sock");
        server =
                new AdminServer(
                        path,
                        Map.of(
                                "GET /v1/echo", (request, answer) -> answer.json(request.query()),
                                "GET /v1/count", AdminServerTest::count,
                                "GET /v1/wait", (_, answer) -> waitFor(answer),
                                "GET /v1/number",
                                        (request, answer) ->
                                                answer.json(request.number("n", 1, 1, 9)),
                                "GET /v1/broken",
                                        (_, _) -> {
                                            throw new IllegalStateException("deliberately");
                                        }),
                        Duration.ofMillis(300));
        server.start();
        client = new AdminClient(path);
    }

    @AfterEach
    void stop() {
        release.countDown();
        server.close();
    }

    private static void count(AdminRequest request, AdminAnswer answer) throws IOException {
        try (OutputStream out = answer.stream("text/plain")) {
            for (int i = 0; i < 3; i++) {
                out.write((i + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    private void waitFor(AdminAnswer answer) throws IOException {
        try {
            release.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        answer.json("done");
    }

    @Test
    void answersWithWhatWasAsked() throws Exception {
        assertThat(client.get("/v1/echo", Map.of("from", "a/b c&d=é")))
                .isEqualTo("{\"from\":\"a/b c&d=é\"}\n");
    }

    @Test
    void answersBitByBit() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        client.stream("/v1/count", Map.of(), answer -> answer.transferTo(out));
        assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo("0\n1\n2\n");
    }

    @Test
    void speaksHttpAsItIsWritten() throws Exception {
        assertThat(exchange("GET /v1/echo?a=1 HTTP/1.1\r\nHost: x\r\n\r\n"))
                .isEqualTo(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection:"
                                + " close\r\nContent-Length: 10\r\n\r\n{\"a\":\"1\"}\n");
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertThatThrownBy(() -> client.post("/v1/echo", Map.of()))
                .isInstanceOf(AdminException.class)
                .hasMessageContaining("knows no POST /v1/echo");
        assertThatThrownBy(() -> client.get("/v1/number", Map.of("n", "10")))
                .hasMessage("n is '10', but it must be a whole number from 1 to 9");
        assertThatThrownBy(() -> client.get("/v1/broken", Map.of()))
                .hasMessageContaining("deliberately");
    }

    @Test
    void refusesWhatIsNoRequest() throws Exception {
        assertThat(exchange("hello\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(exchange("GET /v1/echo?%zz=1 HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400 ");
        assertThat(exchange("GET /v1/echo?" + "x".repeat(8192))).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void servesOthersWhileOneIsStuck() throws Exception {
        try (UnixSocket stuck = UnixSocket.connect(path)) {
            stuck.send("GET ".getBytes(StandardCharsets.US_ASCII));
            assertThat(client.get("/v1/echo", Map.of())).isEqualTo("{}\n");
            assertThat(rest(stuck)).startsWith("HTTP/1.1 500 ").contains("ETIMEDOUT");
        }
    }

    @Test
    void refusesMoreThanItCanServe() throws Exception {
        List<UnixSocket> waiting = new ArrayList<>();
        try {
            for (int i = 0; i < 16; i++) {
                UnixSocket socket = UnixSocket.connect(path);
                waiting.add(socket);
                socket.send("GET /v1/wait HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            assertThatThrownBy(() -> client.get("/v1/echo", Map.of()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("16 requests are being answered");
            release.countDown();
            for (UnixSocket socket : waiting) {
                assertThat(rest(socket)).endsWith("\"done\"\n");
            }
            await().atMost(LONG)
                    .ignoreExceptions()
                    .until(() -> client.get("/v1/echo", Map.of()).equals("{}\n"));
        } finally {
            waiting.forEach(UnixSocket::close);
        }
    }

    @Test
    void belongsToItsOwnerAlone() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
    }

    @Test
    void saysWhatToDoWithoutAnAgent() {
        server.close();
        assertThatThrownBy(() -> client.get("/v1/echo", Map.of()))
                .isInstanceOf(NoAgentException.class)
                .hasMessageContaining("no agent answers at " + path)
                .hasMessageContaining("there is no such socket")
                .hasMessageContaining("is the agent running on this node");
    }

    private String exchange(String request) throws IOException {
        try (UnixSocket socket = UnixSocket.connect(path)) {
            socket.send(request.getBytes(StandardCharsets.US_ASCII));
            return rest(socket);
        }
    }

    private static String rest(UnixSocket socket) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] part = new byte[4096];
        for (int count = receive(socket, part); count > 0; count = receive(socket, part)) {
            all.write(part, 0, count);
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    /** What was not read of a request makes the kernel reset the connection behind the answer. */
    private static int receive(UnixSocket socket, byte[] part) throws IOException {
        try {
            return socket.receive(part, 0, part.length, new ArrayList<>());
        } catch (LinuxException e) {
            assertThat(e.errno().symbol()).isEqualTo("ECONNRESET");
            return 0;
        }
    }
}
