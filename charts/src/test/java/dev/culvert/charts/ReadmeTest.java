package dev.culvert.charts;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The chart's README has all values, with the defaults of values.yaml and the schema's words. */
class ReadmeTest {
    private static final String README = "charts/culvert/README.md";
    private static final Pattern TABLE =
            Pattern.compile(
                    "(?s)\\| Value \\| Default \\| What it is \\|\\n\\|---\\|---\\|---\\|\\n(\\|[^\\n]*\\n)*");

    @Test
    void theReadmeHasAllValues() throws IOException {
        String readme = Files.readString(Chart.file(README));
        Matcher table = TABLE.matcher(readme);
        if (!table.find()) {
            throw new AssertionError(README + " has no table of values");
        }
        Generated.hold(
                README,
                readme.substring(0, table.start()) + table() + readme.substring(table.end()));
    }

    private static String table() throws IOException {
        JsonNode defaults =
                Chart.read(Files.readString(Chart.file("charts/culvert/values.yaml"))).getFirst();
        StringBuilder table =
                new StringBuilder("| Value | Default | What it is |\n|---|---|---|\n");
        for (Map.Entry<String, JsonNode> each : Schema.ours().leaves().entrySet()) {
            JsonNode value = defaults.at("/" + each.getKey().replace('.', '/'));
            table.append(
                    "| `%s` | %s | %s |\n"
                            .formatted(
                                    each.getKey(),
                                    value.isMissingNode()
                                            ? ""
                                            : "`"
                                                    + new JsonMapper().writeValueAsString(value)
                                                    + "`",
                                    each.getValue()
                                            .path("description")
                                            .asString()
                                            .replace("|", "\\|")));
        }
        return table.toString();
    }
}
