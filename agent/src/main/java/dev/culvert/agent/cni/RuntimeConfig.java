package dev.culvert.agent.cni;

import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.agent.sandbox.Bandwidth;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the runtime wants for one attachment: the capabilities in {@code runtimeConfig}. Immutable,
 * any thread.
 *
 * @param mac the pod's MAC address; null to leave it to us
 * @param ips the pod's addresses, at most one of each family; the others are left to us
 * @param bandwidth its limits
 * @param dns what the result says of DNS, if the runtime says anything
 * @param portMappings the node's ports that shall lead to it
 * @see <a href="https://www.cni.dev/docs/conventions/">CNI: conventions</a>
 */
record RuntimeConfig(
        @Nullable MacAddress mac,
        List<InetAddress> ips,
        Bandwidth bandwidth,
        Optional<JsonNode> dns,
        List<PortMapping> portMappings) {
    private static final String ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

    /** On a pod: its addresses, separated by commas. */
    static final String IPS_ANNOTATION = "culvert.dev/ips";

    private static final Set<String> CAPABILITIES =
            Set.of("mac", "ips", "bandwidth", "dns", "portMappings", ANNOTATIONS);
    private static final Set<String> PROTOCOLS = Set.of("", "tcp", "udp", "sctp");
    private static final int LARGEST_PORT = 65_535;
    private static final long MULTICAST = 1L << 40;

    /** Copies the lists. */
    RuntimeConfig {
        ips = List.copyOf(ips);
        portMappings = List.copyOf(portMappings);
    }

    /** A value that cannot be, with a sentence. */
    private static final class Invalid extends Exception {
        Invalid(String message) {
            super(message);
        }
    }

    /** Reads {@code runtimeConfig} of a configuration, which may lack it. */
    static RuntimeConfig of(ObjectNode configuration) throws CniError {
        JsonNode json = configuration.path("runtimeConfig");
        if (!json.isObject() && !json.isMissingNode() && !json.isNull()) {
            throw new CniError(CniError.BAD_CONFIGURATION, "runtimeConfig is no JSON object");
        }
        checkCapabilities(json);
        try {
            return new RuntimeConfig(
                    mac(json.path("mac")),
                    ips(json),
                    bandwidth(json.path("bandwidth")),
                    dns(json.path("dns")),
                    portMappings(json.path("portMappings")));
        } catch (Invalid e) {
            throw new CniError(
                    CniError.BAD_CONFIGURATION, "runtimeConfig is wrong: " + e.getMessage());
        }
    }

    private static void checkCapabilities(JsonNode json) throws CniError {
        for (Map.Entry<String, JsonNode> each : json.properties()) {
            if (!CAPABILITIES.contains(each.getKey()) && !each.getValue().isNull()) {
                throw CniError.unsupported(
                        "runtimeConfig", each.getKey(), each.getValue().toString());
            }
        }
    }

    private static @Nullable MacAddress mac(JsonNode json) throws Invalid {
        String text = json.asString("");
        if (text.isEmpty()) {
            return null;
        }
        MacAddress mac;
        try {
            mac = MacAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new Invalid("mac: " + e.getMessage());
        }
        if (mac.value() == 0 || (mac.value() & MULTICAST) != 0) {
            throw new Invalid(
                    "mac '%s' is zero or of a group; an interface needs one of its own"
                            .formatted(text));
        }
        return mac;
    }

    /** The capability comes from whoever calls the runtime, so it goes before the annotation. */
    private static List<InetAddress> ips(JsonNode json) throws Invalid {
        JsonNode capability = json.path("ips");
        if (!capability.isMissingNode() && !capability.isNull() && !capability.isArray()) {
            throw new Invalid("ips is no list of addresses but " + brief(capability));
        }
        List<String> texts = new ArrayList<>();
        capability.forEach(each -> texts.add(each.asString("")));
        if (!texts.isEmpty()) {
            return addresses("ips", texts);
        }
        JsonNode annotation = json.path(ANNOTATIONS).path(IPS_ANNOTATION);
        return annotation.isMissingNode() || annotation.isNull()
                ? List.of()
                : addresses(
                        "the annotation " + IPS_ANNOTATION,
                        List.of(annotation.asString("").split(",", -1)));
    }

    private static List<InetAddress> addresses(String where, List<String> texts) throws Invalid {
        List<InetAddress> addresses = new ArrayList<>();
        Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
        for (String text : texts) {
            InetAddress address = address(where, text.strip());
            if (!families.add(IpFamily.of(address))) {
                throw new Invalid(
                        "%s has two addresses of one family: %s"
                                .formatted(where, String.join(",", texts)));
            }
            addresses.add(address);
        }
        return addresses;
    }

    /** By convention there may be a prefix length; ours is the one of the node's range. */
    private static InetAddress address(String where, String text) throws Invalid {
        String[] parts = text.split("/", 2);
        try {
            InetAddress address = IpAddresses.parse(parts[0]);
            if (parts.length == 1 || isPrefixLength(parts[1], address)) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw new Invalid(where + ": " + e.getMessage());
        }
        throw new Invalid("%s: '%s' has no valid prefix length".formatted(where, text));
    }

    private static boolean isPrefixLength(String text, InetAddress address) {
        return text.matches("[0-9]{1,3}")
                && Integer.parseInt(text) <= IpFamily.of(address).addressBits();
    }

    private static Bandwidth bandwidth(JsonNode json) throws Invalid {
        return new Bandwidth(
                bits(json, "ingressRate"),
                bits(json, "ingressBurst"),
                bits(json, "egressRate"),
                bits(json, "egressBurst"));
    }

    private static long bits(JsonNode json, String key) throws Invalid {
        JsonNode value = json.path(key);
        if (value.isMissingNode() || value.isNull()) {
            return 0;
        }
        if (!value.isIntegralNumber() || value.bigIntegerValue().signum() < 0) {
            throw new Invalid(
                    "bandwidth: %s is %s; it must be a number of bits, 0 or more"
                            .formatted(key, brief(value)));
        }
        return value.canConvertToLong() ? value.longValue() : Long.MAX_VALUE;
    }

    /** The capability has the resolver's words, the result has those of the specification. */
    private static Optional<JsonNode> dns(JsonNode json) {
        if (!json.isObject() || json.isEmpty()) {
            return Optional.empty();
        }
        ObjectNode dns = CniRequest.object();
        Map.of("servers", "nameservers", "searches", "search", "options", "options")
                .forEach(
                        (from, to) -> {
                            if (json.path(from).isArray()) {
                                dns.set(to, json.path(from));
                            }
                        });
        return Optional.of(dns);
    }

    private static List<PortMapping> portMappings(JsonNode json) throws Invalid {
        if (!json.isMissingNode() && !json.isNull() && !json.isArray()) {
            throw new Invalid("portMappings is no list but " + brief(json));
        }
        List<PortMapping> mappings = new ArrayList<>();
        for (JsonNode each : json) {
            String protocol = each.path("protocol").asString("").toLowerCase(Locale.ROOT);
            boolean valid =
                    isPort(each.path("containerPort"), 1)
                            && isPort(each.path("hostPort"), 0)
                            && PROTOCOLS.contains(protocol)
                            && isAddressOrNothing(each.path("hostIP").asString(""));
            if (!valid) {
                throw new Invalid(
                        "portMappings has %s; it must be a containerPort (1 to 65535), a hostPort (0 to 65535), a protocol (tcp, udp or sctp) and a hostIP"
                                .formatted(brief(each)));
            }
            if (each.path("hostPort").asInt(0) > 0) {
                mappings.add(mapping(each, protocol));
            }
        }
        return mappings;
    }

    private static PortMapping mapping(JsonNode json, String protocol) {
        String hostIp = json.path("hostIP").asString("");
        return new PortMapping(
                protocol.isEmpty() ? Protocol.TCP : Protocol.parse(protocol),
                json.path("hostPort").intValue(),
                json.path("containerPort").intValue(),
                hostIp.isEmpty() ? null : IpAddresses.parse(hostIp));
    }

    private static boolean isPort(JsonNode json, int least) {
        if (json.isMissingNode()) {
            return least == 0;
        }
        return json.isInt() && json.intValue() >= least && json.intValue() <= LARGEST_PORT;
    }

    private static boolean isAddressOrNothing(String text) {
        try {
            return text.isEmpty() || IpAddresses.parse(text) != null;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static String brief(JsonNode json) {
        return CniError.brief(json.toString());
    }
}
