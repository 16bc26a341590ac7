package dev.culvert.agent.kube;

import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The form of {@code peers.json}, version 1. A contract; unknown keys are ignored, another version
 * is not read. Stateless.
 */
final class PeerFormat {
    private static final int VERSION = 1;
    private static final JsonMapper JSON = new JsonMapper();

    private PeerFormat() {}

    /** Node by node: all at once would be megabytes. */
    static byte[] write(List<NodeInfo> nodes, String nodeName) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(content)) {
            json.writeStartObject();
            json.writeNumberProperty("version", VERSION);
            json.writeStringProperty("node", nodeName);
            json.writeArrayPropertyStart("nodes");
            nodes.forEach(node -> json.writePOJO(fields(node)));
            json.writeEndArray();
            json.writeEndObject();
        }
        return content.toByteArray();
    }

    private static Map<String, Object> fields(NodeInfo node) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", node.name());
        fields.put("uid", node.uid());
        fields.put("created", node.created());
        fields.put(
                "internalIPs",
                node.internalIps().stream().map(InetAddress::getHostAddress).toList());
        fields.put("podCIDRs", node.podCidrs());
        VtepAnnouncement vtep = node.vtep();
        if (vtep != null) {
            fields.put("vtep", VtepAnnotation.write(vtep));
        }
        return fields;
    }

    /**
     * Reads them back.
     *
     * @param nodeName whose file it must be
     * @throws IllegalArgumentException saying what is wrong with it
     */
    static List<NodeInfo> read(byte[] content, String nodeName) {
        JsonNode root = JSON.readTree(content);
        if (root.path("version").asInt(0) != VERSION) {
            throw new IllegalArgumentException(
                    "its version is %s and not %d"
                            .formatted(Oddities.quote(root.path("version").toString()), VERSION));
        }
        String owner = root.path("node").asString("");
        if (!owner.equals(nodeName)) {
            throw new IllegalArgumentException(
                    "it is of node %s and not of %s".formatted(Oddities.quote(owner), nodeName));
        }
        List<NodeInfo> nodes = new ArrayList<>();
        for (JsonNode each : root.path("nodes")) {
            nodes.add(node(each));
        }
        if (nodes.stream().noneMatch(node -> node.name().equals(nodeName))) {
            throw new IllegalArgumentException("it does not know this node itself");
        }
        return nodes;
    }

    private static NodeInfo node(JsonNode fields) {
        return new NodeInfo(
                required(fields, "name"),
                fields.path("uid").asString(""),
                required(fields, "created"),
                texts(fields.path("internalIPs")).stream().map(IpAddresses::parse).toList(),
                texts(fields.path("podCIDRs")),
                vtep(fields.path("vtep")));
    }

    private static @Nullable VtepAnnouncement vtep(JsonNode text) {
        return text.isMissingNode() ? null : VtepAnnotation.read(text.asString(""));
    }

    private static String required(JsonNode fields, String key) {
        String text = fields.path(key).asString("");
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a node in it has no '" + key + "'");
        }
        return text;
    }

    private static List<String> texts(JsonNode array) {
        return array.values().stream().map(each -> each.asString("")).toList();
    }
}
