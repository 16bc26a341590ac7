package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class InstallCommandsTest {
    @TempDir private Path folder;
    private Path settings;
    private Path list;
    private Path program;

    /** What a command printed, both outputs together. */
    private record Outcome(int status, String text) {}

    @BeforeEach
    void writeSettings() throws IOException {
        list = folder.resolve("conf/10-culvert.conflist");
        program = folder.resolve("bin/culvert-cni");
        Path source = Files.writeString(folder.resolve("culvert-cni"), "program");
        settings =
                Files.writeString(
                        folder.resolve("culvert.yaml"),
                        """
                        cniConfDir: %s
                        cniBinDir: %s
                        cniExecutable: %s
                        runDir: %s
                        """
                                .formatted(list.getParent(), program.getParent(), source, folder));
    }

    private Outcome run(String... arguments) {
        StringWriter text = new StringWriter();
        CommandLine command = Main.commandLine(Map.of());
        command.setOut(new PrintWriter(text, true));
        command.setErr(new PrintWriter(text, true));
        return new Outcome(command.execute(arguments), text.toString());
    }

    @Test
    void refusesToInstallWithoutAnAgentThatIsReady() {
        Outcome outcome = run("install-cni", "--config=" + settings);
        assertThat(outcome.status()).isEqualTo(3);
        assertThat(outcome.text())
                .contains("no agent answers at " + folder.resolve("agent.sock"))
                .contains("is the agent running on this node");
        assertThat(list).doesNotExist();
    }

    @Test
    void installsAndUninstallsByHand() throws IOException {
        Outcome first = run("install-cni", "--unready", "--config=" + settings);
        assertThat(first.status()).as(first.text()).isZero();
        assertThat(first.text().lines()).containsExactly("wrote " + program, "wrote " + list);
        assertThat(run("install-cni", "--unready", "--config=" + settings).text())
                .contains("everything is in place already");
        Path other = Files.writeString(list.resolveSibling("05-other.conflist"), "{}");
        assertThat(run("install-cni", "--unready", "--config=" + settings).text())
                .contains("the container runtime takes " + other + " instead");
        Outcome removal = run("uninstall", "--config=" + settings);
        assertThat(removal.text().lines()).containsExactly("removed " + list, "removed " + program);
        assertThat(run("uninstall", "--config=" + settings).text())
                .contains("there is nothing to remove");
    }

    @Test
    void takesOptionsOverTheSettings() {
        Path elsewhere = folder.resolve("elsewhere");
        Outcome outcome =
                run(
                        "install-cni",
                        "--unready",
                        "--config=" + settings,
                        "--conf-dir=" + elsewhere,
                        "--bin-dir=" + elsewhere);
        assertThat(outcome.status()).as(outcome.text()).isZero();
        assertThat(elsewhere.resolve("10-culvert.conflist")).exists();
        assertThat(elsewhere.resolve("culvert-cni")).hasContent("program");
        assertThat(list).doesNotExist();
    }
}
