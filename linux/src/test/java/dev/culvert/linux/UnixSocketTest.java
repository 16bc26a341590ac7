package dev.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.libc.LibC;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnixSocketTest {
    @TempDir private Path directory;

    private Path path() {
        return directory.resolve("s.sock");
    }

    private static Descriptor open(Path file) throws LinuxException {
        int result = LibC.open(file.toString(), 0, 0);
        return Descriptor.own(LinuxException.check(result, "open", file.toString()), "test file");
    }

    @Test
    void passesBytesDescriptorAndCredentials() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path());
                UnixSocket client = UnixSocket.connect(path());
                UnixSocket accepted = Objects.requireNonNull(server.accept());
                Descriptor file = open(directory)) {
            client.sendWithDescriptor("hello".getBytes(StandardCharsets.UTF_8), file);
            byte[] buffer = new byte[16];
            List<Descriptor> descriptors = new ArrayList<>();
            int count = accepted.receive(buffer, 2, 14, descriptors);
            assertThat(new String(buffer, 2, count, StandardCharsets.UTF_8)).isEqualTo("hello");
            assertThat(descriptors).hasSize(1);
            try (Descriptor passed = descriptors.getFirst()) {
                assertThat(Path.of("/proc/self/fd/" + passed.number()).toRealPath())
                        .isEqualTo(directory.toRealPath());
            }
            assertThat((long) accepted.peerCredentials().pid())
                    .isEqualTo(ProcessHandle.current().pid());
        }
    }

    @Test
    void readsNothingAtTheEnd() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path())) {
            UnixSocket client = UnixSocket.connect(path());
            client.close();
            try (UnixSocket accepted = Objects.requireNonNull(server.accept())) {
                assertThat(accepted.receive(new byte[1], 0, 1, new ArrayList<>())).isZero();
            }
        }
    }

    @Test
    void refusesTooManyDescriptors() throws Exception {
        try (UnixServerSocket server = UnixServerSocket.bind(path());
                UnixSocket client = UnixSocket.connect(path());
                UnixSocket accepted = Objects.requireNonNull(server.accept());
                Descriptor file = open(directory)) {
            client.sendWithDescriptors(new byte[1], Collections.nCopies(5, file));
            List<Descriptor> descriptors = new ArrayList<>();
            assertThatExceptionOfType(LinuxException.class)
                    .isThrownBy(() -> accepted.receive(new byte[1], 0, 1, descriptors))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE));
            assertThat(descriptors).isEmpty();
        }
    }

    @Test
    void onlyOwnerMayConnect() throws Exception {
        try (UnixServerSocket _ = UnixServerSocket.bind(path())) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                    .isEqualTo("rw-------");
        }
        assertThat(path()).doesNotExist();
    }

    @Test
    void refusesToReplaceLivingServer() throws Exception {
        try (UnixServerSocket _ = UnixServerSocket.bind(path())) {
            assertThatExceptionOfType(LinuxException.class)
                    .isThrownBy(() -> UnixServerSocket.bind(path()))
                    .withMessageContaining("another process answers there")
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE));
        }
    }

    @Test
    void refusesToReplaceOrdinaryFile() throws Exception {
        Files.writeString(path(), "precious");
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> UnixServerSocket.bind(path()))
                .withMessageContaining("no socket");
        assertThat(path()).hasContent("precious");
    }

    @Test
    void replacesFileOfDeadServer() throws Exception {
        Path dead = directory.resolve("dead.sock");
        try (UnixServerSocket _ = UnixServerSocket.bind(dead)) {
            Files.createLink(path(), dead);
        }
        assertThat(path()).exists();
        try (UnixServerSocket _ = UnixServerSocket.bind(path());
                UnixSocket client = UnixSocket.connect(path())) {
            client.send(new byte[1]);
        }
    }

    @Test
    void timesOutWhenNothingComes() throws Exception {
        try (UnixServerSocket _ = UnixServerSocket.bind(path());
                UnixSocket client = UnixSocket.connect(path())) {
            client.setTimeout(Duration.ofMillis(20));
            assertThatExceptionOfType(LinuxException.class)
                    .isThrownBy(() -> client.receive(new byte[1], 0, 1, new ArrayList<>()))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
        }
    }

    @Test
    void closeWakesAccept() throws Exception {
        UnixServerSocket server = UnixServerSocket.bind(path());
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try {
                                ended.complete(server.accept() == null);
                            } catch (LinuxException e) {
                                ended.completeExceptionally(e);
                            }
                        });
        server.close();
        server.close();
        assertThat(ended.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void namesPathThatIsTooLong() {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> UnixServerSocket.bind(Path.of("/" + "x".repeat(120))))
                .withMessageContaining("1 to 107 bytes");
    }
}
