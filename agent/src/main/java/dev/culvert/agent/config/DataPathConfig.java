package dev.culvert.agent.config;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of the data path's parts, checked. Immutable, any thread. Components are the {@link
 * Settings} of the same name.
 */
public record DataPathConfig(
        boolean tunOffload,
        boolean udpSegmentation,
        boolean udpReceiveOffload,
        boolean coalescing,
        boolean remoteChecksum,
        String dscp,
        int spinMicros,
        boolean icmpErrors) {

    /** Whether the outer packet has the inner one's priority. */
    public boolean inheritsDscp() {
        return dscp.equals("inherit");
    }

    /** Name and value of each, for the log. */
    Map<String, String> printable() {
        Map<String, String> printable = new LinkedHashMap<>();
        printable.put("tunOffload", Boolean.toString(tunOffload));
        printable.put("udpSegmentation", Boolean.toString(udpSegmentation));
        printable.put("udpReceiveOffload", Boolean.toString(udpReceiveOffload));
        printable.put("coalescing", Boolean.toString(coalescing));
        printable.put("remoteChecksum", Boolean.toString(remoteChecksum));
        printable.put("dscp", dscp);
        printable.put("spinMicros", Integer.toString(spinMicros));
        printable.put("icmpErrors", Boolean.toString(icmpErrors));
        return printable;
    }
}
