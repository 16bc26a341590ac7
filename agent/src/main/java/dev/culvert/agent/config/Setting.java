package dev.culvert.agent.config;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One setting: its name in the file, default, validation and meaning. Immutable, any thread.
 *
 * @param name the key in the file, in camel case
 * @param defaultText the default as it would be written in the file; lists without brackets
 * @param list whether the file holds a list
 * @param allowed what values are accepted, for messages and the documentation
 * @param doc one sentence about what it does
 * @param live whether a change of the file takes effect while the agent runs
 * @param parser makes the value from its items, one unless it is a list; throws {@link
 *     IllegalArgumentException}
 * @param <T> the type of the value
 */
public record Setting<T>(
        String name,
        String defaultText,
        boolean list,
        String allowed,
        String doc,
        boolean live,
        Function<List<String>, T> parser) {
    private static final Pattern HUMP = Pattern.compile("([a-z])([A-Z])");

    /** One that takes effect only when the agent starts. */
    Setting(
            String name,
            String defaultText,
            boolean list,
            String allowed,
            String doc,
            Function<List<String>, T> parser) {
        this(name, defaultText, list, allowed, doc, false, parser);
    }

    /** The same setting, taking effect while the agent runs. */
    Setting<T> whileRunning() {
        return new Setting<>(name, defaultText, list, allowed, doc, true, parser);
    }

    /** The environment variable that overrides the file: {@code httpPort} is CULVERT_HTTP_PORT. */
    public String variable() {
        return "CULVERT_" + HUMP.matcher(name).replaceAll("$1_$2").toUpperCase(Locale.ROOT);
    }

    T parse(List<String> items) {
        return parser.apply(items);
    }

    T parse(String text) {
        return parse(list ? split(text) : List.of(text.strip()));
    }

    static List<String> split(String text) {
        return text.isBlank() ? List.of() : List.of(text.strip().split("\\s*,\\s*", -1));
    }
}
