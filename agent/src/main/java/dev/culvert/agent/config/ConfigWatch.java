package dev.culvert.agent.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The current configuration, which follows its file. A file that is refused changes nothing, and
 * one that is not takes effect as a whole, except for the settings that need a new start. {@link
 * #look} belongs to one thread, {@link FileChanges}'; everything else to any.
 *
 * <p>A file that vanishes is refused as well: a ConfigMap that somebody deleted is no wish for the
 * defaults.
 */
public final class ConfigWatch implements Supplier<AgentConfig>, AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(ConfigWatch.class);

    private final Path file;
    private final Map<String, String> environment;
    private final FileChanges changes;
    private final ConfigMeters meters;
    private Consumer<ConfigChange> listener = _ -> {};
    private ConfigValues values;
    private @Nullable String text;
    private volatile AgentConfig current;
    private volatile String refusal = "";
    private volatile List<String> pending = List.of();

    private ConfigWatch(
            Path file,
            Map<String, String> environment,
            @Nullable String text,
            ConfigValues values) {
        this.file = file;
        this.environment = Map.copyOf(environment);
        this.text = text;
        this.values = values;
        this.current = AgentConfig.of(values);
        this.meters = new ConfigMeters(Clock.systemUTC());
        this.changes = new FileChanges(file, this::look);
    }

    /**
     * Reads {@code file} and then the variables {@code CULVERT_*} of {@code environment}, which
     * override it, now and again at every change. Only {@link AgentConfig#DEFAULT_FILE} may be
     * missing.
     *
     * @throws ConfigException for the first thing that is wrong
     */
    public static ConfigWatch open(Path file, Map<String, String> environment)
            throws ConfigException {
        String text = read(file);
        if (text == null && !file.equals(AgentConfig.DEFAULT_FILE)) {
            throw missing(file);
        }
        return new ConfigWatch(
                file, environment, text, ConfigValues.parse(file, orEmpty(text), environment));
    }

    /**
     * Begins to follow the file; {@code listener} is told of every change, on the watch's thread.
     */
    public void start(Consumer<ConfigChange> listener) {
        this.listener = listener;
        changes.start();
    }

    /** The current one. */
    @Override
    public AgentConfig get() {
        return current;
    }

    /** The counters and gauges about it. */
    public ConfigMeters meters() {
        return meters;
    }

    /** A sentence for each thing that an operator should do about the file; none if all is well. */
    public List<String> warnings() {
        String refused = refusal;
        if (!refused.isEmpty()) {
            return List.of("the changed configuration is refused as a whole: " + refused);
        }
        List<String> waiting = pending;
        return waiting.isEmpty()
                ? List.of()
                : List.of(
                        "%s in %s take effect when the agent is restarted"
                                .formatted(String.join(", ", waiting), file));
    }

    /** Compares the file with what was read last, and takes it over if it may. */
    void look() {
        try {
            String found = read(file);
            if (found == null && text != null) {
                throw missing(file);
            }
            if (refusal.isEmpty() && orEmpty(found).equals(orEmpty(text))) {
                return;
            }
            take(ConfigValues.parse(file, orEmpty(found), environment));
            text = found;
        } catch (ConfigException e) {
            refuse(String.valueOf(e.getMessage()));
        }
    }

    private void take(ConfigValues newer) {
        ConfigValues merged = values.withLive(newer);
        List<String> applied =
                values.differences(merged).stream()
                        .map(
                                each ->
                                        each.name()
                                                + ": "
                                                + values.get(each)
                                                + " -> "
                                                + merged.get(each))
                        .toList();
        List<String> waiting = merged.differences(newer).stream().map(Setting::name).toList();
        if (applied.isEmpty() && waiting.equals(pending) && refusal.isEmpty()) {
            return; // a comment, say
        }
        values = merged;
        current = AgentConfig.of(merged);
        refusal = "";
        pending = waiting;
        meters.applied(waiting.size());
        LOG.info("configuration changed file={} applied={} restart={}", file, applied, waiting);
        listener.accept(new ConfigChange(applied, waiting, ""));
    }

    private void refuse(String why) {
        if (why.equals(refusal)) {
            return;
        }
        refusal = why;
        meters.refused();
        LOG.warn("the changed configuration is refused as a whole, the last one stays: {}", why);
        listener.accept(ConfigChange.refused(why));
    }

    private static @Nullable String read(Path file) throws ConfigException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException _) {
            return null;
        } catch (IOException e) {
            throw new ConfigException(
                    "cannot read the configuration file %s: %s"
                            .formatted(file, e.getClass().getSimpleName() + " " + e.getMessage()));
        }
    }

    private static ConfigException missing(Path file) {
        return new ConfigException("the configuration file %s is missing".formatted(file));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** Stops to follow the file; {@link #get} stays as it is. */
    @Override
    public void close() {
        changes.close();
    }
}
