package dev.culvert.agent.install;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The network list (conflist) that the runtime reads: Culvert first and then the plugins that
 * follow it. Immutable.
 *
 * @param chained types of the plugins that follow, for example {@code portmap}
 * @see <a href="https://github.com/containernetworking/cni/blob/main/SPEC.md">the CNI
 *     specification</a>
 */
record NetworkList(List<String> chained) {
    /** Sorts before what distributions install, so that a runtime takes it where both are there. */
    static final String FILE_NAME = "10-culvert.conflist";

    /** The type of our plugin, which is the name of its executable. */
    static final String PLUGIN = "culvert-cni";

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    /** For runtimes that do not know {@code cniVersions} and none later than this. */
    private static final String VERSION = "1.0.0";

    private static final List<String> VERSIONS = List.of("0.3.1", "0.4.0", "1.0.0", "1.1.0");

    /** What the runtime is to pass on to us. */
    private static final List<String> CAPABILITIES =
            List.of("mac", "ips", "bandwidth", "portMappings", "io.kubernetes.cri.pod-annotations");

    /** What well-known plugins want passed on to them. */
    private static final Map<String, String> CHAINED_CAPABILITIES =
            Map.of("portmap", "portMappings", "bandwidth", "bandwidth");

    NetworkList {
        chained = List.copyOf(chained);
    }

    /** The content of the file. */
    byte[] content() {
        ObjectNode list = JSON.createObjectNode();
        list.put("cniVersion", VERSION);
        ArrayNode versions = list.putArray("cniVersions");
        VERSIONS.forEach(versions::add);
        list.put("name", "culvert");
        ArrayNode plugins = list.putArray("plugins");
        own(plugins.addObject());
        chained.forEach(type -> other(plugins.addObject(), type));
        return (JSON.writeValueAsString(list) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** A capability that a later plugin takes is left to it: a limit is not applied twice. */
    private void own(ObjectNode plugin) {
        plugin.put("type", PLUGIN);
        ObjectNode capabilities = plugin.putObject("capabilities");
        CAPABILITIES.stream()
                .filter(each -> chained.stream().noneMatch(type -> each.equals(taken(type))))
                .forEach(each -> capabilities.put(each, true));
    }

    private static void other(ObjectNode plugin, String type) {
        plugin.put("type", type);
        String capability = taken(type);
        if (!capability.isEmpty()) {
            plugin.putObject("capabilities").put(capability, true);
        }
    }

    private static String taken(String type) {
        return CHAINED_CAPABILITIES.getOrDefault(type, "");
    }
}
