package dev.culvert.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.cni.CniCommand;
import dev.culvert.bench.path.PathCommand;
import dev.culvert.bench.policy.PolicyCommand;
import dev.culvert.bench.rules.RulesCommand;
import dev.culvert.bench.scale.ScaleCommand;
import dev.culvert.linux.testing.DevScript;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the script {@code dev} knows of the measurements' options, so that it need not build. */
final class DevBenchTest {
    @TempDir private Path folder;
    private DevScript dev;

    @BeforeEach
    void copy() throws Exception {
        dev = DevScript.copyTo(folder);
    }

    private static CommandLine program(String command) {
        return new CommandLine(
                switch (command) {
                    case "path" -> new PathCommand();
                    case "scale" -> new ScaleCommand();
                    case "micro" -> new MicroCommand();
                    case "rules" -> new RulesCommand();
                    case "policy" -> new PolicyCommand();
                    default -> new CniCommand();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"path", "scale", "micro", "cni", "rules", "policy"})
    void knowsTheOptionsOfTheProgram(String command) throws Exception {
        List<String> known =
                matches("(?m)^  (--\\S+)(?: (\\S+))?$", command).stream()
                        .map(each -> each.group(1) + (each.group(2) == null ? "" : " VALUE"))
                        .toList();
        assertThat(known)
                .containsExactlyInAnyOrderElementsOf(
                        program(command).getCommandSpec().options().stream()
                                .filter(each -> !each.usageHelp() && !each.versionHelp())
                                .map(
                                        each ->
                                                each.longestName()
                                                        + (each.arity().max() == 0 ? "" : " VALUE"))
                                .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"path", "scale", "cni", "rules", "policy"})
    void refusesTheNumbersThatTheProgramRefuses(String command) throws Exception {
        List<MatchResult> numbers = matches("(?m)^  (--\\S+) (\\d+)\\.\\.(\\d+)$", command);
        assertThat(numbers).isNotEmpty();
        for (MatchResult number : numbers) {
            int least = Integer.parseInt(number.group(2));
            int most = Integer.parseInt(number.group(3));
            assertRefusedAlike(command, number.group(1), Integer.toString(least - 1));
            assertRefusedAlike(command, number.group(1), Integer.toString(most + 1));
        }
    }

    @Test
    void refusesTheNamesThatTheProgramRefuses() throws Exception {
        assertRefusedAlike("path", "--modes", "kernel,kernels");
        assertRefusedAlike("path", "--underlays", "wlan");
        assertRefusedAlike("path", "--metrics", "rrP50");
    }

    @Test
    void buildsNothingForWrongWords() throws Exception {
        assertRefused("Missing command", "bench");
        assertRefused("Unknown command: 'nothing'", "bench", "nothing");
        assertRefused("Unknown option: '--wrong'", "bench", "path", "--wrong");
        assertRefused("Unknown option: 'culvert'", "bench", "path", "culvert");
        assertRefused("--rounds wants a value: 1..1000", "bench", "path", "--rounds");
        assertRefused("--rounds wants a value: 1..1000", "bench", "path", "--rounds", "--quick");
        assertRefused(
                "--rounds must be a whole number, but is '1.5'", "bench", "path", "--rounds=1.5");
        assertRefused("--quick takes no value, but got: 1", "bench", "cni", "--quick=1");
        assertRefused("--pods is given twice", "bench", "cni", "--pods=1", "--pods=2");
    }

    @Test
    void buildsNothingForHelp() throws Exception {
        assertThat(dev.run("help").text()).contains("Usage: ./dev COMMAND");
        assertThat(dev.run("bench", "--help").text()).contains("Usage: ./dev bench COMMAND");
        assertThat(dev.run("bench", "path", "--help").text()).contains("--modes culvert,");
        assertThat(dev.prepared()).isFalse();
    }

    private List<MatchResult> matches(String pattern, String command) throws Exception {
        String help = dev.run("bench", command, "--help").text();
        return Pattern.compile(pattern).matcher(help).results().toList();
    }

    private void assertRefusedAlike(String command, String option, String value) throws Exception {
        StringWriter errors = new StringWriter();
        CommandLine program = program(command).setErr(new PrintWriter(errors, true));
        assertThat(program.execute(option, value)).isEqualTo(2);
        String sentence = errors.toString().lines().findFirst().orElseThrow();
        assertRefused(sentence, "bench", command, option, value);
    }

    private void assertRefused(String sentence, String... arguments) throws Exception {
        DevScript.Answer answer = dev.run(arguments);
        assertThat(answer.line()).isEqualTo(sentence);
        assertThat(answer.status()).isEqualTo(2);
        assertThat(dev.prepared()).isFalse();
    }
}
