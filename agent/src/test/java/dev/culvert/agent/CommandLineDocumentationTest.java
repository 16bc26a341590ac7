package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;

final class CommandLineDocumentationTest {
    private static final Path PAGE = Path.of("..", "docs", "command-line.md");
    private final Map<String, CommandLine> commands = Main.commandLine(Map.of()).getSubcommands();

    @TestFactory
    List<DynamicTest> namesEveryOptionOfEachCommand() throws IOException {
        String page = Files.readString(PAGE);
        return commands.entrySet().stream()
                .map(
                        each ->
                                DynamicTest.dynamicTest(
                                        each.getKey(),
                                        () ->
                                                assertDescribes(
                                                        page, each.getKey(), each.getValue())))
                .toList();
    }

    private static void assertDescribes(String page, String name, CommandLine command) {
        String heading = "\n## culvert " + name + "\n";
        assertThat(page).contains(heading);
        int start = page.indexOf(heading) + 1;
        int end = page.indexOf("\n## ", start);
        String section = page.substring(start, end < 0 ? page.length() : end);
        for (var option : command.getCommandSpec().options()) {
            String longest = option.longestName();
            boolean common =
                    List.of("--help", "--version", "--config", "--socket", "--output")
                            .contains(longest);
            assertThat(common ? page : section).as(longest).contains("`" + longest);
        }
    }

    @Test
    void namesNoCommandThatIsNotThere() throws IOException {
        assertThat(Files.readAllLines(PAGE))
                .filteredOn(line -> line.startsWith("## culvert "))
                .extracting(line -> line.substring("## culvert ".length()))
                .containsExactlyInAnyOrderElementsOf(commands.keySet());
    }

    @Test
    void everyCommandSaysHowItEndsAndGivesAnExample() {
        commands.forEach(
                (name, command) -> {
                    String help = command.getUsageMessage();
                    assertThat(help).as(name).contains("Exit status:").contains("-h, --help");
                    assertThat(help).as(name).containsPattern("Examples?:");
                });
    }
}
