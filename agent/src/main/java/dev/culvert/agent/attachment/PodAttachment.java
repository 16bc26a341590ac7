package dev.culvert.agent.attachment;

import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.net.MacAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What an attachment has besides its addresses. Immutable.
 *
 * @param endpoint whose it is
 * @param pod {@code namespace/name} for people, empty when the runtime did not tell
 * @param uid of the pod, which a later one of its name does not have; empty when not told
 * @param mac the hardware address of the pod's end
 * @param ports the node's ports that lead to it
 */
public record PodAttachment(
        Endpoint endpoint, String pod, String uid, MacAddress mac, List<PortMapping> ports) {
    private static final String UID = "uid=";

    /** Copies the list. */
    public PodAttachment {
        ports = List.copyOf(ports);
    }

    /** A line, in which the pod comes last, after its uid if there is one. */
    String line() {
        List<String> words = new ArrayList<>();
        words.add(endpoint.containerId());
        words.add(endpoint.ifName());
        words.add(mac.toString());
        words.add(String.join(",", ports.stream().map(PortMapping::text).toList()));
        words.add(uid.isEmpty() ? pod : UID + uid + " " + pod);
        return String.join(" ", words);
    }

    /**
     * @throws IllegalArgumentException if it is no such line
     */
    static PodAttachment parse(String line) {
        String[] words = line.split(" ", 5);
        if (words.length != 5) {
            throw new IllegalArgumentException("'" + line + "' is no attachment");
        }
        List<PortMapping> ports = new ArrayList<>();
        for (String text : words[3].split(",", -1)) {
            if (!text.isEmpty()) {
                ports.add(PortMapping.parse(text));
            }
        }
        String[] named = words[4].split(" ", 2);
        boolean hasUid = named.length == 2 && named[0].startsWith(UID);
        return new PodAttachment(
                new Endpoint(words[0], words[1]),
                hasUid ? named[1] : words[4],
                hasUid ? named[0].substring(UID.length()) : "",
                MacAddress.parse(words[2]),
                ports);
    }
}
