package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code culvert agent}: runs until SIGTERM or SIGINT. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Run the node's agent until it is told to stop.",
        footer = {
            "",
            "Example:",
            "  culvert agent --node-name worker-1 --kubeconfig ~/.kube/config"
        })
final class AgentCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings, default ${DEFAULT-VALUE}, where it may be missing.",
            defaultValue = "/etc/culvert/culvert.yaml")
    private Path config = AgentConfig.DEFAULT_FILE;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "Access to the Kubernetes API; without it, the pod's own.")
    private @Nullable Path kubeconfig;

    @Option(
            names = "--node-name",
            paramLabel = "NAME",
            description = "The name of this node's Node object; default: $NODE_NAME.")
    private @Nullable String nodeName;

    @Option(
            names = "--revision",
            paramLabel = "TEXT",
            description =
                    "What this agent's pod was made from: it takes the place of an agent of another"
                            + " pod. Default: $CULVERT_REVISION; without, it starts only where no"
                            + " agent runs.")
    private @Nullable String revision;

    @Option(
            names = "--pod-uid",
            paramLabel = "UID",
            description = "The uid of this agent's own pod; default: $POD_UID.")
    private @Nullable String podUid;

    AgentCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        return options().run(environment);
    }

    /** What was told. */
    AgentOptions options() {
        String name = AgentOptions.nodeName(nodeName, environment);
        if (name.isBlank()) {
            throw new ParameterException(
                    spec.commandLine(), "The node's name is needed: --node-name or NODE_NAME");
        }
        try {
            return new AgentOptions(
                    config, kubeconfig, name, AgentOptions.identity(revision, podUid, environment));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--revision, --pod-uid: " + e.getMessage(), e);
        }
    }
}
