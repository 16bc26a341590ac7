package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.handover.AgentIdentity;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.log.LogFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code culvert agent} was told. Immutable.
 *
 * @param config the file with the settings
 * @param kubeconfig access to the API, or null for the pod's own
 * @param nodeName of this node's Node object
 * @param self which agent this is
 */
record AgentOptions(Path config, @Nullable Path kubeconfig, String nodeName, AgentIdentity self) {
    private static final String CONFIG = "--config";
    private static final String KUBECONFIG = "--kubeconfig";
    private static final String NODE_NAME = "--node-name";
    private static final String REVISION = "--revision";
    private static final String POD_UID = "--pod-uid";
    private static final Set<String> NAMES =
            Set.of(CONFIG, KUBECONFIG, NODE_NAME, REVISION, POD_UID);

    /**
     * Understands the command line that a DaemonSet gives. It saves the agent the parser of all
     * others: 4 MB and a tenth of a second at the start.
     *
     * @param words those of {@code culvert}
     * @return null for all that has more to it, such as a mistake or a question for help: {@link
     *     AgentCommand} understands the same, and explains
     */
    static @Nullable AgentOptions plain(String[] words, Map<String, String> environment) {
        if (words.length == 0 || !words[0].equals("agent")) {
            return null;
        }
        Map<String, String> values = new HashMap<>();
        int next = 1;
        while (next < words.length) {
            String word = words[next++];
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            String value = "";
            if (equals >= 0) {
                value = word.substring(equals + 1);
            } else if (next < words.length) {
                value = words[next++];
            }
            if (!NAMES.contains(name) || !isPlain(value) || values.put(name, value) != null) {
                return null;
            }
        }
        return of(values, environment);
    }

    /** Neither another option nor a file of options, nor in quotes. */
    private static boolean isPlain(String value) {
        return !value.isBlank() && "-@\"'".indexOf(value.charAt(0)) < 0;
    }

    private static @Nullable AgentOptions of(
            Map<String, String> values, Map<String, String> environment) {
        String nodeName = nodeName(values.get(NODE_NAME), environment);
        String kubeconfig = values.get(KUBECONFIG);
        if (nodeName.isBlank()) {
            return null;
        }
        try {
            return new AgentOptions(
                    Path.of(values.getOrDefault(CONFIG, AgentConfig.DEFAULT_FILE.toString())),
                    kubeconfig == null ? null : Path.of(kubeconfig),
                    nodeName,
                    identity(values.get(REVISION), values.get(POD_UID), environment));
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /** What was told, or else what the environment says, which may be nothing. */
    static String nodeName(@Nullable String told, Map<String, String> environment) {
        return told(told, "NODE_NAME", environment);
    }

    /** Of what was told, or else of the environment. */
    static AgentIdentity identity(
            @Nullable String revision, @Nullable String podUid, Map<String, String> environment) {
        return new AgentIdentity(
                told(revision, "CULVERT_REVISION", environment),
                told(podUid, "POD_UID", environment));
    }

    private static String told(
            @Nullable String value, String variable, Map<String, String> environment) {
        return value == null ? environment.getOrDefault(variable, "") : value;
    }

    /**
     * Runs the agent until the process is told to stop.
     *
     * @return the exit status
     * @throws ConfigException with a sentence for settings that are wrong
     * @throws IOException with a sentence for what waiting cannot mend
     */
    int run(Map<String, String> environment) throws ConfigException, IOException {
        // Before the first logger, which reading the settings may make.
        AgentLog.install("info", LogFormat.TEXT);
        return new AgentRunner(
                        () -> ConfigWatch.open(config, environment), nodeName, kubeconfig, self)
                .run();
    }
}
