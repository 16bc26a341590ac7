package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code culvert agent} was told. Immutable.
 *
 * @param config the settings, a file that may be missing
 * @param kubeconfig access to the Kubernetes API, or null for the pod's own
 * @param nodeName of this node's Node object, not blank
 */
record AgentArguments(Path config, @Nullable Path kubeconfig, String nodeName) {
    private static final String CONFIG = "--config";
    private static final String KUBECONFIG = "--kubeconfig";
    private static final String NODE_NAME = "--node-name";
    private static final Set<String> NAMES = Set.of(CONFIG, KUBECONFIG, NODE_NAME);

    /**
     * Reads arguments that leave nothing to say about them; null for all others, which {@link
     * AgentCommand} has to look at: those that are wrong, ask for help, or are written in an
     * unusual way.
     *
     * @param arguments those behind {@code agent}
     */
    static @Nullable AgentArguments usual(List<String> arguments, Map<String, String> environment) {
        Map<String, String> values = values(arguments);
        if (values == null) {
            return null;
        }
        String name = values.getOrDefault(NODE_NAME, environment.getOrDefault("NODE_NAME", ""));
        if (name.isBlank()) {
            return null;
        }
        String config = values.get(CONFIG);
        String kubeconfig = values.get(KUBECONFIG);
        return new AgentArguments(
                config == null ? AgentConfig.DEFAULT_FILE : Path.of(config),
                kubeconfig == null ? null : Path.of(kubeconfig),
                name);
    }

    private static @Nullable Map<String, String> values(List<String> arguments) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.size(); i++) {
            String name = arguments.get(i);
            int equals = name.indexOf('=');
            String value = "";
            if (equals >= 0) {
                value = name.substring(equals + 1);
                name = name.substring(0, equals);
            } else if (++i < arguments.size()) {
                value = arguments.get(i);
            }
            if (!NAMES.contains(name) || !isUsual(value) || values.put(name, value) != null) {
                return null;
            }
        }
        return values;
    }

    /** Neither another option nor something that the command line's library reads in its way. */
    private static boolean isUsual(String value) {
        return !value.isBlank() && "-@\"'".indexOf(value.charAt(0)) < 0 && value.indexOf('\0') < 0;
    }
}
