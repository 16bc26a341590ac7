package dev.culvert.agent.kube;

import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The Node annotations by which nodes that run flannel with its vxlan backend tell each other about
 * their tunnel endpoints. A contract that is not ours: keys, texts and the order inside the JSON
 * are flannel's. Immutable, any thread.
 */
final class FlannelAnnotations {
    static final String PREFIX = "flannel.alpha.coreos.com/";
    static final String BACKEND_TYPE = PREFIX + "backend-type";
    static final String BACKEND_DATA = PREFIX + "backend-data";
    static final String BACKEND_DATA_IPV6 = PREFIX + "backend-v6-data";
    static final String PUBLIC_IP = PREFIX + "public-ip";
    static final String PUBLIC_IPV6 = PREFIX + "public-ipv6";
    static final String PUBLIC_IP_OVERWRITE = PREFIX + "public-ip-overwrite";
    static final String PUBLIC_IPV6_OVERWRITE = PREFIX + "public-ipv6-overwrite";
    static final String MANAGED = PREFIX + "kube-subnet-manager";

    static final Set<String> KEYS =
            Set.of(
                    BACKEND_TYPE,
                    BACKEND_DATA,
                    BACKEND_DATA_IPV6,
                    PUBLIC_IP,
                    PUBLIC_IPV6,
                    PUBLIC_IP_OVERWRITE,
                    PUBLIC_IPV6_OVERWRITE,
                    MANAGED);

    private static final String VXLAN = "vxlan";
    private static final JsonMapper JSON = new JsonMapper();

    private final int port;

    /**
     * @param port the UDP port of all flannel nodes, which their annotations do not tell
     */
    FlannelAnnotations(int port) {
        this.port = port;
    }

    /**
     * What the node said, or null if it does not run flannel.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    @Nullable VtepAnnouncement read(Map<String, String> annotations) {
        if (!"true".equals(annotations.get(MANAGED))) {
            return null;
        }
        String type = annotations.getOrDefault(BACKEND_TYPE, "");
        if (!type.equals(VXLAN)) {
            throw new IllegalArgumentException(
                    "%s is '%s', and only vxlan nodes can be peers".formatted(BACKEND_TYPE, type));
        }
        boolean ipv4 = annotations.containsKey(BACKEND_DATA);
        String dataKey = ipv4 ? BACKEND_DATA : BACKEND_DATA_IPV6;
        String addressKey = ipv4 ? PUBLIC_IP : PUBLIC_IPV6;
        JsonNode data = json(dataKey, annotations.getOrDefault(dataKey, ""));
        try {
            return new VtepAnnouncement(
                    VtepAnnotation.address(annotations.getOrDefault(addressKey, "")),
                    VtepAnnotation.mac(data.path("VtepMAC").asString("")),
                    data.path("VNI").asInt(0),
                    port,
                    false);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s or %s: %s".formatted(addressKey, dataKey, e.getMessage()), e);
        }
    }

    private static JsonNode json(String key, String text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(key + " is not JSON", e);
        }
    }

    /** What flannel would write in this node's place. */
    Map<String, String> write(VtepAnnouncement vtep) {
        boolean ipv4 = IpFamily.of(vtep.address()) == IpFamily.IPV4;
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("VNI", vtep.vni());
        data.put("VtepMAC", vtep.mac().toString());
        Map<String, String> annotations = new LinkedHashMap<>();
        annotations.put(BACKEND_TYPE, VXLAN);
        annotations.put(ipv4 ? BACKEND_DATA : BACKEND_DATA_IPV6, JSON.writeValueAsString(data));
        annotations.put(ipv4 ? PUBLIC_IP : PUBLIC_IPV6, vtep.address().getHostAddress());
        annotations.put(MANAGED, "true");
        return annotations;
    }

    /**
     * The address by which others reach this node, when an operator says that it is not its own.
     *
     * @throws IllegalArgumentException if it is no address of the same family
     */
    static InetAddress overwritten(InetAddress own, Map<String, String> annotations) {
        boolean ipv4 = IpFamily.of(own) == IpFamily.IPV4;
        String key = ipv4 ? PUBLIC_IP_OVERWRITE : PUBLIC_IPV6_OVERWRITE;
        String text = annotations.getOrDefault(key, "");
        if (text.isEmpty()) {
            return own;
        }
        InetAddress address = VtepAnnotation.address(text);
        if (IpFamily.of(address) != IpFamily.of(own)) {
            throw new IllegalArgumentException(
                    "%s is %s, of another family than this node's address %s"
                            .formatted(key, text, own.getHostAddress()));
        }
        return address;
    }
}
