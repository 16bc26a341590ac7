package dev.culvert.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The table of docs/configuration.md is made from the code. {@code mvn -pl agent -am test
 * -Dtest=ConfigurationDocTest -Dculvert.docs=write -Dsurefire.failIfNoSpecifiedTests=false} writes
 * it anew.
 */
class ConfigurationDocTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");
    private static final String HEAD =
            """
            | Setting | Default | Allowed | Changes | Variable | Meaning |
            |---|---|---|---|---|---|
            """;

    @Test
    void theTableSaysWhatTheCodeDoes() throws IOException {
        String page = Files.readString(PAGE);
        int begin = page.indexOf("| Setting |");
        int end = page.indexOf("\n\n", begin) + 1;
        if ("write".equals(System.getProperty("culvert.docs"))) {
            Files.writeString(PAGE, page.substring(0, begin) + table() + page.substring(end));
            return;
        }
        assertThat(page.substring(begin, end)).isEqualTo(table());
    }

    private static String table() {
        return Settings.all().stream()
                .map(ConfigurationDocTest::row)
                .collect(Collectors.joining("", HEAD, ""));
    }

    private static String row(Setting<?> each) {
        return "| `%s` | `%s` | %s | %s | `%s` | %s |%n"
                .formatted(
                        each.name(),
                        byDefault(each),
                        each.allowed(),
                        each.live() ? "at once" : "restart",
                        each.variable(),
                        each.doc());
    }

    private static String byDefault(Setting<?> each) {
        if (each.list()) {
            return "[" + each.defaultText() + "]";
        }
        return each.defaultText().isEmpty() ? "\"\"" : each.defaultText();
    }
}
