package dev.culvert.bench.scale;

import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The collections of a JVM's garbage collector, of a log that {@code -Xlog:gc} wrote. Immutable.
 *
 * @param pauses in their order
 */
record GcLog(List<Pause> pauses) {
    private static final Pattern PAUSE =
            Pattern.compile(".*Pause .* ([0-9]+)M->([0-9]+)M\\(([0-9]+)M\\) ([0-9.]+)ms");

    GcLog {
        pauses = List.copyOf(pauses);
    }

    /** One collection: MiB of the heap in use before and after it, and how long it took. */
    record Pause(double beforeMiB, double afterMiB, double millis) {}

    static GcLog parse(List<String> lines) {
        return new GcLog(lines.stream().map(GcLog::pause).filter(Objects::nonNull).toList());
    }

    private static @org.jspecify.annotations.Nullable Pause pause(String line) {
        Matcher matcher = PAUSE.matcher(line);
        return matcher.matches()
                ? new Pause(
                        Double.parseDouble(matcher.group(1)),
                        Double.parseDouble(matcher.group(2)),
                        Double.parseDouble(matcher.group(4)))
                : null;
    }
}
