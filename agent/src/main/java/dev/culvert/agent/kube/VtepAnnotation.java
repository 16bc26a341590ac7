package dev.culvert.agent.kube;

import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Node annotation by which agents tell each other about their tunnel endpoints. A contract:
 * {@code {"ip":"192.0.2.1","mac":"02:…","vni":1,"port":4789,"protocols":["vxlan","vxlan-rco"]}};
 * unknown keys and protocols are ignored. Stateless.
 */
final class VtepAnnotation {
    static final String KEY = "culvert.dev/vtep";
    private static final String PROTOCOL = "vxlan";
    private static final String RETAINED = "retained";

    /** That it finishes the checksums of what is sent to it. */
    private static final String REMOTE_CHECKSUM = "vxlan-rco";

    /** The bit of group addresses, in the first byte. */
    private static final long GROUP = 1L << 40;

    private static final JsonMapper JSON = new JsonMapper();

    private VtepAnnotation() {}

    static String write(VtepAnnouncement vtep) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("ip", vtep.address().getHostAddress());
        fields.put("mac", vtep.mac().toString());
        fields.put("vni", vtep.vni());
        fields.put("port", vtep.port());
        fields.put(
                "protocols",
                vtep.remoteChecksum() ? List.of(PROTOCOL, REMOTE_CHECKSUM) : List.of(PROTOCOL));
        if (!vtep.retained().isEmpty()) {
            fields.put(RETAINED, vtep.retained().stream().map(Cidr::toString).toList());
        }
        return JSON.writeValueAsString(fields);
    }

    /**
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static VtepAnnouncement read(String text) {
        try {
            JsonNode root = JSON.readTree(text);
            boolean speaksVxlan = false;
            boolean remoteChecksum = false;
            for (JsonNode protocol : root.path("protocols")) {
                speaksVxlan |= protocol.asString("").equals(PROTOCOL);
                remoteChecksum |= protocol.asString("").equals(REMOTE_CHECKSUM);
            }
            if (!speaksVxlan) {
                throw new IllegalArgumentException("'protocols' does not name vxlan");
            }
            return new VtepAnnouncement(
                    address(root.path("ip").asString("")),
                    mac(root.path("mac").asString("")),
                    number(root, "vni", 0xffffff),
                    number(root, "port", 65535),
                    remoteChecksum,
                    retained(root.path(RETAINED)));
        } catch (JacksonException e) {
            throw new IllegalArgumentException("it is not JSON", e);
        }
    }

    /** What is no range is left out: the node's pods of today need none of it. */
    private static List<Cidr> retained(JsonNode array) {
        List<Cidr> ranges = new ArrayList<>();
        for (JsonNode each : array) {
            try {
                ranges.add(Cidr.parse(each.asString("")));
            } catch (IllegalArgumentException _) {
                // The others may be right.
            }
        }
        return ranges;
    }

    /**
     * An address that a node can have.
     *
     * @throws IllegalArgumentException saying that it is none
     */
    static InetAddress address(String text) {
        InetAddress address = IpAddresses.parse(text);
        if (address.isAnyLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isMulticastAddress()) {
            throw new IllegalArgumentException(
                    "'%s' is no address that another node can be reached at".formatted(text));
        }
        return address;
    }

    /**
     * A MAC address that a node can have.
     *
     * @throws IllegalArgumentException saying that it is none
     */
    static MacAddress mac(String text) {
        MacAddress mac = MacAddress.parse(text);
        if (mac.value() == 0 || (mac.value() & GROUP) != 0) {
            throw new IllegalArgumentException("'%s' is no unicast MAC address".formatted(text));
        }
        return mac;
    }

    private static int number(JsonNode root, String key, int most) {
        int value = root.path(key).asInt(-1);
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(
                    "'%s' must be a number from 1 to %d".formatted(key, most));
        }
        return value;
    }
}
