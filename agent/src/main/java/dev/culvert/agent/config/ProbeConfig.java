package dev.culvert.agent.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings about what is told of peers, checked. Immutable, any thread. Components are the
 * {@link Settings} of the same name.
 */
public record ProbeConfig(boolean peerProbe, int peerMetrics) {

    /** Name and value of each, for the log. */
    Map<String, String> printable() {
        Map<String, String> printable = new LinkedHashMap<>();
        printable.put("peerProbe", Boolean.toString(peerProbe));
        printable.put("peerMetrics", Integer.toString(peerMetrics));
        return printable;
    }
}
