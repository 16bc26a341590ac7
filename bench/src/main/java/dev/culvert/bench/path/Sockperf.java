package dev.culvert.bench.path;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code sockperf ping-pong --full-rtt} says at the end: the time from a request to its
 * answer.
 *
 * @param p50 microseconds
 * @param p99 microseconds
 * @param p999 microseconds
 */
record Sockperf(double p50, double p99, double p999) {
    /**
     * Reads what it printed.
     *
     * @throws IOException if a percentile is missing, since it ends with status 0 whatever happens
     */
    static Sockperf parse(String text) throws IOException {
        return new Sockperf(
                percentile(text, "50.000"), percentile(text, "99.000"), percentile(text, "99.900"));
    }

    private static double percentile(String text, String name) throws IOException {
        Matcher line =
                Pattern.compile("percentile " + Pattern.quote(name) + " = +([0-9.]+)")
                        .matcher(text);
        if (!line.find()) {
            throw new IOException("sockperf measured nothing: " + text.strip());
        }
        return Double.parseDouble(line.group(1));
    }
}
