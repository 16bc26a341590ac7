package dev.culvert.bench.path;

import java.io.IOException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What {@code iperf3 -J} says at the end of a run, as its receivers saw it.
 *
 * @param bytes received, both directions together
 * @param seconds the receiver's time
 */
record IperfReport(long bytes, double seconds) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /**
     * Reads a report.
     *
     * @throws IOException if it is none, or one of a run that failed
     */
    static IperfReport parse(String json) throws IOException {
        JsonNode root = tree(json);
        if (root.has("error")) {
            throw new IOException("iperf3 failed: " + root.path("error").asString());
        }
        JsonNode received = root.path("end").path("sum_received");
        double seconds = received.path("seconds").asDouble(0);
        if (seconds <= 0) {
            throw new IOException("iperf3 reports nothing received");
        }
        JsonNode reverse = root.path("end").path("sum_received_bidir_reverse");
        return new IperfReport(
                received.path("bytes").asLong(0) + reverse.path("bytes").asLong(0), seconds);
    }

    private static JsonNode tree(String json) throws IOException {
        try {
            // Warnings come first.
            return MAPPER.readTree(json.substring(Math.max(0, json.indexOf('{'))));
        } catch (JacksonException e) {
            throw new IOException("iperf3 printed something other than JSON: " + json, e);
        }
    }

    double megabitsPerSecond() {
        return bytes * 8 / seconds / 1e6;
    }
}
