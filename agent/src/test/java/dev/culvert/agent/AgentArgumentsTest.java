package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.OptionSpec;

/** The short way to an agent: it knows what the command line knows, and leaves it what is odd. */
final class AgentArgumentsTest {
    private static final Map<String, String> NODE = Map.of("NODE_NAME", "worker-1");

    @Test
    void takesWhatADaemonSetSays() {
        assertThat(AgentArguments.usual(List.of("--config=/etc/culvert/culvert.yaml"), NODE))
                .isEqualTo(new AgentArguments(AgentConfig.DEFAULT_FILE, null, "worker-1"));
    }

    @Test
    void takesValuesAsWordsOfTheirOwnAndBehindAnEqualsSign() {
        assertThat(
                        AgentArguments.usual(
                                List.of("--node-name", "n1", "--kubeconfig=/a=b", "--config", "c"),
                                NODE))
                .isEqualTo(new AgentArguments(Path.of("c"), Path.of("/a=b"), "n1"));
    }

    @Test
    void knowsAllOptionsAndTheSameDefault() {
        List<OptionSpec> options = new ArrayList<>();
        Objects.requireNonNull(RootCommand.commandLine(Map.of()).getSubcommands().get("agent"))
                .getCommandSpec()
                .options()
                .stream()
                .filter(each -> !each.usageHelp() && !each.versionHelp())
                .forEach(options::add);
        assertThat(options).hasSize(3);
        for (OptionSpec each : options) {
            assertThat(AgentArguments.usual(List.of(each.longestName(), "x"), NODE))
                    .as(each.longestName())
                    .isNotNull();
            if (each.longestName().equals("--config")) {
                assertThat(each.defaultValue()).isEqualTo(AgentConfig.DEFAULT_FILE.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "--version",
                "worker-1",
                "--config",
                "--config=",
                "--config --kubeconfig",
                "--config @file",
                "--config 'c'",
                "--config a --config b",
                "--conf=c",
                "--unknown=x",
                "@file"
            })
    void leavesToTheCommandLineWhatItHasToLookAt(String arguments) {
        assertThat(AgentArguments.usual(List.of(arguments.split(" ", -1)), NODE)).isNull();
    }

    @Test
    void leavesItTheMissingName() {
        assertThat(AgentArguments.usual(List.of(), Map.of())).isNull();
        assertThat(AgentArguments.usual(List.of("--config=c"), Map.of("NODE_NAME", " "))).isNull();
    }
}
