package dev.culvert.agent.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeptInstallationTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir private Path directory;
    private Path source;
    private Path list;
    private CniInstaller installer;

    @BeforeEach
    void makePaths() {
        source = directory.resolve("culvert-cni");
        Path conf = directory.resolve("conf");
        list = conf.resolve(NetworkList.FILE_NAME);
        installer =
                new CniInstaller(new CniFiles(source, directory.resolve("bin"), conf, List.of()));
    }

    @Test
    void installsOnceTheNodeIsReadyAndNotBefore() throws IOException {
        Files.writeString(source, "program");
        AtomicBoolean ready = new AtomicBoolean();
        AtomicInteger asked = new AtomicInteger();
        try (KeptInstallation kept =
                new KeptInstallation(
                        () -> installer,
                        () -> {
                            asked.incrementAndGet();
                            return ready.get();
                        })) {
            kept.start();
            await().atMost(LONG).until(() -> asked.get() >= 3);
            assertThat(list).doesNotExist();
            assertThat(kept.isInstalled()).isFalse();
            ready.set(true);
            await().atMost(LONG).until(kept::isInstalled);
            assertThat(list).exists();
            assertThat(kept.problems()).isEmpty();
        }
        assertThat(list).as("stays when the agent stops").exists();
    }

    @Test
    void saysWhatIsWrongUntilItIsMended() throws IOException {
        try (KeptInstallation kept = new KeptInstallation(() -> installer, () -> true)) {
            kept.start();
            await().atMost(LONG).until(() -> !kept.problems().isEmpty());
            assertThat(kept.problems().getFirst()).contains(source + " does not exist");
            Files.writeString(source, "program");
            await().atMost(LONG).until(kept::isInstalled);
            await().atMost(LONG).until(() -> kept.problems().isEmpty());
        }
    }

    @Test
    void warnsOfAListThatTheRuntimeTakesInstead() throws IOException {
        Files.writeString(source, "program");
        Files.createDirectories(list.getParent());
        Path other = Files.writeString(list.resolveSibling("05-other.conflist"), "{}");
        try (KeptInstallation kept = new KeptInstallation(() -> installer, () -> true)) {
            kept.start();
            await().atMost(LONG).until(() -> !kept.problems().isEmpty());
            assertThat(kept.problems())
                    .containsExactly(
                            "the container runtime takes %s instead of Culvert's 10-culvert.conflist, since it comes first by name: remove it"
                                    .formatted(other));
            assertThat(kept.isInstalled()).isTrue();
        }
    }
}
