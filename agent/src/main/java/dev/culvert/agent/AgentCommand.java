package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code culvert agent}: runs until SIGTERM or SIGINT. The usual arguments are read by {@link
 * AgentArguments}, which knows them too.
 */
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

    AgentCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        String name = nodeName == null ? environment.getOrDefault("NODE_NAME", "") : nodeName;
        if (name.isBlank()) {
            throw new ParameterException(
                    spec.commandLine(), "The node's name is needed: --node-name or NODE_NAME");
        }
        return AgentRun.run(
                new AgentArguments(config, kubeconfig, name),
                environment,
                spec.commandLine()::getErr);
    }
}
