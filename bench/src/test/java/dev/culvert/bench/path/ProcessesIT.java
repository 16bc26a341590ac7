package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ProcessesIT {
    private final TestNamespaces namespaces = TestNamespaces.assumePermitted();
    private final Processes processes = new Processes();
    private NetworkNamespace namespace;

    @BeforeEach
    void create() throws Exception {
        namespace = namespaces.create();
    }

    @AfterEach
    void close() {
        processes.close();
        namespaces.close();
    }

    @Test
    void endsWhatTakesTooLongAndSaysSo() {
        List<String> command = List.of("sh", "-c", "echo begun; sleep 600");
        assertThatThrownBy(() -> processes.run(namespace, command, Duration.ofSeconds(1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was ended because it took longer than 1 seconds");
    }

    @Test
    void saysInOneLineWhatAFailedCommandComplainedOf() {
        List<String> command = List.of("sh", "-c", "echo one; echo two; exit 3");
        assertThatThrownBy(() -> processes.run(namespace, command))
                .hasMessageEndingWith("ended with status 3: one two");
    }

    @Test
    void saysWhatAProcessSaidInsteadOfTheExpected() throws IOException {
        Process process = processes.startQuietly(namespace, List.of("echo", "no such device"));
        assertThatThrownBy(() -> Processes.awaitLine(process, "ready"))
                .hasMessageContaining("without saying 'ready'")
                .hasMessageEndingWith("no such device");
    }

    @Test
    void asksAProcess() throws IOException {
        Process process = processes.start(namespace, List.of("cat"));
        assertThat(Processes.ask(process, "one")).isEqualTo("one");
        assertThat(Processes.ask(process, "two")).isEqualTo("two");
        Processes.end(process);
        assertThatThrownBy(() -> Processes.ask(process, "three")).hasMessageEndingWith("has ended");
    }

    @Test
    void startsNothingOnceClosed() {
        processes.close();
        assertThatThrownBy(() -> processes.run(namespace, List.of("true")))
                .hasMessage("the measurement was ended");
    }
}
