package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.log.LogFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
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
        // Before the first logger, which reading the settings may make.
        AgentLog.install("info", LogFormat.TEXT);
        try {
            ConfigWatch settings = ConfigWatch.open(config, environment);
            AgentLog.apply(settings.get().logLevel(), settings.get().logFormat());
            return run(new Agent(settings, name, kubeconfig));
        } catch (ConfigException | IOException e) {
            spec.commandLine().getErr().println("culvert: " + e.getMessage());
            return 1;
        }
    }

    /** Told to stop is done, not failed: without the halt the JVM would end with 128 + signal. */
    private static int run(Agent agent) throws IOException {
        CountDownLatch forever = new CountDownLatch(1);
        AtomicInteger status = new AtomicInteger(0);
        Runnable stop =
                () -> {
                    agent.close();
                    Runtime.getRuntime().halt(status.get());
                };
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(stop));
        try {
            agent.start();
        } catch (IOException | RuntimeException e) {
            status.set(1);
            throw e;
        }
        try {
            forever.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }
}
