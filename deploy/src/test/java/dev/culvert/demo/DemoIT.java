package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole demo as a process of its own: that it holds, and that nothing of it stays. */
class DemoIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path JAR = ROOT.resolve("deploy/target/demo/culvert-demo.jar");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration LIMIT = Duration.ofSeconds(150);

    /** Every process of the demo has this folder in its environment and is found by it. */
    @TempDir private Path folder = Path.of("");

    @BeforeEach
    void needsRootAndWhatTheDemoRuns() throws IOException, InterruptedException {
        assumeTrue(
                Files.exists(ROOT.resolve("agent/target/culvert/culvert.jar"))
                        && Files.exists(ROOT.resolve("cni/target/culvert-cni")),
                "the agent and the CNI executable are not built");
        Path tun = Path.of("/dev/net/tun");
        assumeTrue(
                Files.isReadable(tun) && Files.isWritable(tun),
                "needs a TUN device: this user cannot open " + tun);
        Process unshare =
                new ProcessBuilder(
                                "unshare", "--net", "--mount", "mount", "-t", "sysfs", "s", "/sys")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assumeTrue(unshare.waitFor() == 0, "not permitted to make namespaces");
    }

    @AfterEach
    void endsWhatIsLeft() throws IOException {
        for (ProcessHandle process : marked()) {
            process.destroyForcibly();
        }
    }

    @Test
    void holdsWithTwoNodesAndLeavesNothing() throws IOException, InterruptedException {
        Process demo = start();

        assertThat(demo.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

        String output = Files.readString(outputFile());
        assertThat(demo.exitValue()).describedAs(output).isZero();
        assertThat(output).contains("All of it held: 2 nodes, 2 pods");
        assertThat(marked()).isEmpty();
        assertThat(folder.resolve("culvert-demo")).doesNotExist();
    }

    @Test
    void leavesNothingWhenItIsTerminatedMidway() throws IOException, InterruptedException {
        Process demo = start();
        await().atMost(LIMIT).until(() -> Files.readString(outputFile()).contains("from \\ to"));
        List<String> namespaces = namespacesOf(marked());
        assertThat(namespaces).hasSizeGreaterThanOrEqualTo(3);

        demo.destroy();

        assertThat(demo.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).isNotZero();
        // What it was just running is killed with it, which takes the kernel a moment.
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(marked()).isEmpty());
        assertThat(namespacesOf(ProcessHandle.allProcesses().toList()))
                .doesNotContainAnyElementsOf(namespaces);
        assertThat(folder.resolve("culvert-demo")).doesNotExist();
    }

    private Process start() throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(
                        KubernetesApi.javaExecutable(),
                        "-jar",
                        JAR.toString(),
                        "--root",
                        ROOT.toString(),
                        "--nodes",
                        "2",
                        "--pods",
                        "1",
                        "--logs",
                        folder.resolve("logs").toString());
        builder.environment().put("XDG_RUNTIME_DIR", folder.toString());
        builder.redirectErrorStream(true).redirectOutput(outputFile().toFile());
        return builder.start();
    }

    private Path outputFile() {
        return folder.resolve("output");
    }

    private List<ProcessHandle> marked() {
        return ProcessHandle.allProcesses().filter(this::isMarked).toList();
    }

    private boolean isMarked(ProcessHandle process) {
        try {
            byte[] environment = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/environ"));
            return new String(environment, StandardCharsets.UTF_8)
                    .contains("XDG_RUNTIME_DIR=" + folder);
        } catch (IOException _) {
            return false;
        }
    }

    /** The demo's network namespaces among those that {@code processes} are in. */
    private static List<String> namespacesOf(List<ProcessHandle> processes) throws IOException {
        String own = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
        return processes.stream()
                .flatMap(DemoIT::namespaceOf)
                .filter(namespace -> !namespace.equals(own))
                .distinct()
                .toList();
    }

    private static Stream<String> namespaceOf(ProcessHandle process) {
        try {
            Path link = Path.of("/proc/" + process.pid() + "/ns/net");
            return Stream.of(Files.readSymbolicLink(link).toString());
        } catch (IOException _) {
            return Stream.empty();
        }
    }
}
