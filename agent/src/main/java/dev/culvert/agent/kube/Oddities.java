package dev.culvert.agent.kube;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * What is wrong with objects of the API: counted each time, logged once. The memory of what was
 * logged is bounded. Any thread.
 */
final class Oddities {
    private static final Logger LOG = LogManager.getLogger(Oddities.class);
    private static final int REMEMBERED = 1000;
    private static final int LONGEST_QUOTE = 120;

    private final WatchMeters meters;
    private final Set<String> logged = ConcurrentHashMap.newKeySet();

    Oddities(WatchMeters meters) {
        this.meters = meters;
    }

    /**
     * Counts and perhaps logs.
     *
     * @param object what it is about, such as {@code node n1}
     * @param reason what is wrong with which field, and what follows from it
     */
    void report(String object, String reason) {
        meters.skipped();
        String line = printable(object) + ": " + printable(reason);
        if (logged.size() < REMEMBERED && logged.add(line)) {
            LOG.warn("left out, since the API says something absurd: {}", line);
        }
    }

    /** Names of the API server are harmless; those of an absurd one shall not break the log. */
    static String printable(String text) {
        String cut =
                text.length() <= LONGEST_QUOTE * 4
                        ? text
                        : text.substring(0, LONGEST_QUOTE * 4) + "...";
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    /** A value as part of a sentence. */
    static String quote(String value) {
        String cut =
                value.length() <= LONGEST_QUOTE ? value : value.substring(0, LONGEST_QUOTE) + "...";
        return "'" + printable(cut) + "'";
    }
}
