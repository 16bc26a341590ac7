package dev.culvert.agent.log;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Configurator;
import org.jspecify.annotations.Nullable;

/**
 * The agent's log. It goes to standard error from a thread of its own, so that no event loop waits
 * for whoever reads it. Any thread.
 */
public final class AgentLog {
    /** The name of the logger that all others inherit from. */
    public static final String ROOT = "root";

    private static final Map<String, Level> LEVELS =
            Map.of(
                    "error", Level.ERROR,
                    "warn", Level.WARN,
                    "info", Level.INFO,
                    "debug", Level.DEBUG,
                    "trace", Level.TRACE,
                    "off", Level.OFF);

    private AgentLog() {}

    /** Begins to log; before the first logger is made, or what the class path says is read too. */
    public static void install(String level, LogFormat format) {
        LoggerContext running = Configurator.initialize(new LogConfiguration(null, format));
        if (!(running.getConfiguration() instanceof LogConfiguration)) {
            Configurator.reconfigure(new LogConfiguration(running, format));
        }
        set(ROOT, level);
    }

    /**
     * Follows the settings: the level of all loggers that have none of their own, and the form of
     * later lines. Those that wait are written before.
     */
    public static synchronized void apply(String level, String format) {
        LoggerContext running = LoggerContext.getContext(false);
        LogFormat wanted = LogFormat.of(format);
        if (running.getConfiguration() instanceof LogConfiguration current
                && current.format() != wanted) {
            Map<String, String> levels = levels();
            Configurator.reconfigure(new LogConfiguration(running, wanted));
            levels.forEach(AgentLog::set);
        }
        if (!level.equals(levels().get(ROOT))) {
            set(ROOT, level);
        }
    }

    /**
     * Changes how much a logger and those below it log.
     *
     * @param logger a package or class, or {@link #ROOT}
     * @param level {@code error}, {@code warn}, {@code info}, {@code debug} or {@code trace}
     * @throws IllegalArgumentException with a sentence for another level
     */
    public static void set(String logger, String level) {
        Level known = LEVELS.get(level.toLowerCase(Locale.ROOT));
        if (known == null) {
            throw new IllegalArgumentException(
                    "'%s' is no level: error, warn, info, debug and trace are".formatted(level));
        }
        Configurator.setLevel(logger.equals(ROOT) ? LogManager.ROOT_LOGGER_NAME : logger, known);
    }

    /** The levels that are set, by logger; the others inherit. */
    public static Map<String, String> levels() {
        Map<String, String> levels = new TreeMap<>();
        Configuration configuration = LoggerContext.getContext(false).getConfiguration();
        configuration
                .getLoggers()
                .forEach((name, logger) -> levels.put(name, lower(logger.getLevel())));
        levels.remove(LogManager.ROOT_LOGGER_NAME);
        levels.put(ROOT, lower(configuration.getRootLogger().getLevel()));
        return levels;
    }

    private static String lower(@Nullable Level level) {
        return level == null ? "" : level.name().toLowerCase(Locale.ROOT);
    }
}
