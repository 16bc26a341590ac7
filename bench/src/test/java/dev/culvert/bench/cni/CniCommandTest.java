package dev.culvert.bench.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CniCommandTest {
    @TempDir private Path folder;

    @Test
    void saysWhatIsMissing() throws IOException {
        CniPlan plan = new CniPlan(1, 1, 1, folder, folder, folder, folder);
        assertThat(CniCommand.obstacle(plan))
                .isEqualTo(
                        "There is no plugin bridge in %s: install Debian's package containernetworking-plugins."
                                .formatted(folder));
        for (String name : new String[] {"bridge", "host-local"}) {
            assertThat(Files.createFile(folder.resolve(name)).toFile().setExecutable(true))
                    .isTrue();
        }
        Path jar = folder.resolve("culvert.jar");
        assertThat(CniCommand.obstacle(new CniPlan(1, 1, 1, jar, folder, folder, folder)))
                .isEqualTo("There is no %s: run ./dev build first.".formatted(jar));
    }

    @Test
    void refusesNumbersOutOfRange() {
        StringWriter complaints = new StringWriter();
        CommandLine command = new CommandLine(new CniCommand());
        command.setErr(new PrintWriter(complaints));
        assertThat(command.execute("--rounds", "0")).isEqualTo(2);
        assertThat(complaints.toString()).contains("--rounds must be from 1 to 1000, but is 0");
    }
}
