package dev.culvert.agent;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.handover.AgentIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The short way to an agent's options agrees with the parser of the whole command line. */
class AgentOptionsTest {
    private static final Map<String, String> POD =
            Map.of("NODE_NAME", "n1", "CULVERT_REVISION", "r1", "POD_UID", "u1");

    @Test
    void understandsWhatTheDaemonSetSays() {
        assertThat(plain(POD, "agent", "--config=/etc/culvert/culvert.yaml"))
                .isEqualTo(
                        new AgentOptions(
                                Path.of("/etc/culvert/culvert.yaml"),
                                null,
                                "n1",
                                new AgentIdentity("r1", "u1")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "agent",
                "agent --config=/a/b.yaml",
                "agent --config /a/b.yaml --kubeconfig /c=d --node-name n2",
                "agent --node-name=n2 --revision r-2 --pod-uid=u2",
                "agent --revision=2"
            })
    void agreesWithTheParser(String line) {
        String[] words = line.split(" ", -1);
        AgentOptions plain = plain(POD, words);

        assertThat(plain).isNotNull().isEqualTo(parsed(POD, words));
    }

    @Test
    void knowsEachOption() {
        List<OptionSpec> options =
                requireNonNull(Main.commandLine(POD).getSubcommands().get("agent"))
                        .getCommandSpec()
                        .options()
                        .stream()
                        .filter(each -> !each.usageHelp() && !each.versionHelp())
                        .toList();
        assertThat(options).isNotEmpty();
        for (OptionSpec each : options) {
            for (String name : each.names()) {
                String[] words = {"agent", name, "value"};
                assertThat(plain(POD, words)).as(name).isNotNull().isEqualTo(parsed(POD, words));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "status",
                "--help",
                "agent --help",
                "agent -h",
                "agent --nodename n2",
                "agent --node-name",
                "agent --node-name=",
                "agent --node-name --config",
                "agent --node-name=n2 --node-name=n3",
                "agent --config=a --config=",
                "agent --config=@file",
                "agent @file",
                "agent n2",
                "agent --revision a\tb"
            })
    void leavesTheRestToTheParser(String line) {
        assertThat(plain(POD, line.split(" ", -1))).isNull();
    }

    @Test
    void leavesAMissingNameToTheParser() {
        assertThat(plain(Map.of(), "agent")).isNull();
    }

    private static @Nullable AgentOptions plain(Map<String, String> environment, String... words) {
        return AgentOptions.plain(words, environment);
    }

    private static AgentOptions parsed(Map<String, String> environment, String... words) {
        CommandLine.ParseResult result = Main.commandLine(environment).parseArgs(words);
        return ((AgentCommand) result.subcommand().commandSpec().userObject()).options();
    }
}
