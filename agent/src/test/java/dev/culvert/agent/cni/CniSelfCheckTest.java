package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.UnixServerSocket;
import dev.culvert.linux.UnixSocket;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CniSelfCheckTest {
    @TempDir private Path directory;

    private String problemWith(byte[] answer) throws Exception {
        Path path = directory.resolve("cni.sock");
        try (UnixServerSocket server = UnixServerSocket.bind(path)) {
            CompletableFuture<String> problem =
                    CompletableFuture.supplyAsync(() -> CniSelfCheck.problem(path));
            try (UnixSocket connection = Objects.requireNonNull(server.accept())) {
                byte[] request = new byte[1024];
                assertThat(connection.receive(request, 0, request.length, new ArrayList<>()))
                        .isPositive();
                connection.send(answer);
            }
            return problem.get();
        }
    }

    @Test
    void isContentWithAnAnswerThatSaysSuccess() throws Exception {
        assertThat(problemWith(CniFraming.answer(0, "{}"))).isEmpty();
    }

    @Test
    void isNotContentWithAnyOtherAnswer() throws Exception {
        assertThat(problemWith(CniFraming.answer(1, "{}"))).contains("does not answer");
        assertThat(problemWith("HTTP/1.1 200 OK".getBytes(US_ASCII))).contains("does not answer");
    }

    @Test
    void saysThatNobodyServesTheSocket() {
        assertThat(CniSelfCheck.problem(directory.resolve("none.sock")))
                .contains("none.sock is not served")
                .contains("ENOENT");
    }

    @Test
    void asksForWhatTheAgentUnderstands() throws Exception {
        CniFraming.Message message =
                CniFraming.read(
                        new ByteArrayInputStream(
                                CniFraming.request(
                                        "CNI_COMMAND=VERSION\0\0{}".getBytes(US_ASCII))));
        assertThat(message.environment()).containsEntry("CNI_COMMAND", "VERSION");
        assertThat(message.stdin()).isEqualTo("{}");
    }
}
