package dev.culvert.agent.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** A checked value for each of the {@link Settings}. Immutable, any thread. */
final class ConfigValues {
    /** The kernel's default for vxlan devices, which flannel keeps. */
    private static final int FLANNEL_PORT = 8472;

    private final Map<Setting<?>, Object> values;

    private ConfigValues(Map<Setting<?>, Object> values) {
        this.values = Map.copyOf(values);
    }

    static ConfigValues defaults() {
        return new ConfigValues(defaultValues());
    }

    static ConfigValues parse(Path file, String text, Map<String, String> environment)
            throws ConfigException {
        return parse(file.toString(), text, environment);
    }

    static ConfigValues parse(String file, String text, Map<String, String> environment)
            throws ConfigException {
        return from(file, ConfigFile.parse(file, text), environment);
    }

    @SuppressWarnings("unchecked") // each value was made by its own setting's parser
    <T> T get(Setting<T> setting) {
        return (T) Objects.requireNonNull(values.get(setting));
    }

    /**
     * These, with the settings that can change while the agent runs as they are in {@code newer}.
     */
    ConfigValues withLive(ConfigValues newer) {
        Map<Setting<?>, Object> merged = new HashMap<>(values);
        for (Setting<?> each : Settings.all()) {
            if (each.live()) {
                merged.put(each, newer.get(each));
            }
        }
        return new ConfigValues(merged);
    }

    /** The settings that have other values there, in the order of the documentation. */
    List<Setting<?>> differences(ConfigValues other) {
        List<Setting<?>> found = new ArrayList<>();
        for (Setting<?> each : Settings.all()) {
            if (!get(each).equals(other.get(each))) {
                found.add(each);
            }
        }
        return found;
    }

    private static ConfigValues from(
            String file, Map<String, ConfigFile.Entry> entries, Map<String, String> environment)
            throws ConfigException {
        Map<Setting<?>, Object> values = defaultValues();
        Map<String, Setting<?>> byName =
                Settings.all().stream().collect(Collectors.toMap(Setting::name, each -> each));
        for (Map.Entry<String, ConfigFile.Entry> each : entries.entrySet()) {
            Setting<?> setting = byName.get(each.getKey());
            String where = "%s line %d".formatted(file, each.getValue().line());
            if (setting == null) {
                throw new ConfigException(
                        "%s: unknown key '%s'; the keys are %s"
                                .formatted(where, each.getKey(), names()));
            }
            values.put(setting, fromFile(setting, where, each.getValue()));
        }
        for (Setting<?> setting : Settings.all()) {
            String text = environment.get(setting.variable());
            if (text != null) {
                values.put(setting, fromVariable(setting, text));
            }
        }
        boolean portIsSet =
                entries.containsKey(Settings.PORT.name())
                        || environment.containsKey(Settings.PORT.variable());
        if (values.get(Settings.INTEROP) == Interop.FLANNEL && !portIsSet) {
            values.put(Settings.PORT, FLANNEL_PORT);
        }
        return new ConfigValues(values);
    }

    private static Object fromFile(Setting<?> setting, String where, ConfigFile.Entry entry)
            throws ConfigException {
        String value =
                entry.list() ? entry.items().toString() : "'" + entry.items().getFirst() + "'";
        if (entry.list() != setting.list()) {
            throw refused(where + ": " + setting.name(), value, setting, "");
        }
        try {
            return setting.parse(entry.items());
        } catch (IllegalArgumentException e) {
            throw refused(where + ": " + setting.name(), value, setting, detail(e));
        }
    }

    private static Object fromVariable(Setting<?> setting, String text) throws ConfigException {
        try {
            return setting.parse(text);
        } catch (IllegalArgumentException e) {
            throw refused(
                    "environment variable " + setting.variable(),
                    "'" + text + "'",
                    setting,
                    detail(e));
        }
    }

    private static ConfigException refused(
            String what, String value, Setting<?> setting, String detail) {
        return new ConfigException(
                "%s is %s, but it must be %s%s".formatted(what, value, setting.allowed(), detail));
    }

    /** What an address or a CIDR parser has to say goes along; a number parser adds nothing. */
    private static String detail(IllegalArgumentException e) {
        String message = e.getMessage();
        boolean useful =
                message != null
                        && (message.contains("/")
                                || message.contains("address")
                                || message.contains("expression"));
        return useful ? " (" + message + ")" : "";
    }

    private static String names() {
        return Settings.all().stream().map(Setting::name).collect(Collectors.joining(", "));
    }

    private static Map<Setting<?>, Object> defaultValues() {
        Map<Setting<?>, Object> values = new HashMap<>();
        for (Setting<?> setting : Settings.all()) {
            values.put(setting, setting.parse(setting.defaultText()));
        }
        return values;
    }
}
