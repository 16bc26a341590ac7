package dev.culvert.bench.scale;

import static java.util.Objects.requireNonNullElse;

import dev.culvert.bench.path.Processes;
import dev.culvert.bench.report.BenchOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./dev bench scale}: one agent in a large cluster. */
@Command(
        name = "scale",
        mixinStandardHelpOptions = true,
        description = {
            "Memory, start and reaction of one agent in a large cluster, whose API server is"
                    + " simulated in another process. The agent is the real one, in network"
                    + " namespaces. Needs root."
        })
public final class ScaleCommand implements Callable<Integer> {
    /** Little memory, and that divided for a large cluster. */
    private static final List<String> JVM_OPTIONS =
            List.of(
                    "-Xmx48m",
                    "-Xmn14m",
                    // What a change makes lives until the next: it fits in a survivor space.
                    "-XX:SurvivorRatio=2",
                    "-XX:TrimNativeHeapInterval=5000",
                    "-XX:+UseSerialGC",
                    "-XX:+UseCompactObjectHeaders",
                    "-XX:-UsePerfData");

    @Mixin private BenchOptions common = new BenchOptions();

    @Option(names = "--quick", description = "1 start, changes for 30 s: a look, not a result.")
    private boolean quick;

    @Option(names = "--nodes", paramLabel = "N", description = "Nodes in the cluster (5000).")
    private int nodes = 5000;

    @Option(names = "--pods", paramLabel = "N", description = "Pods in the cluster (100000).")
    private int pods = 100_000;

    @Option(names = "--own-pods", paramLabel = "N", description = "On the agent's node (110).")
    private int ownPods = 110;

    @Option(names = "--starts", paramLabel = "N", description = "Starts of the agent (5).")
    private @Nullable Integer starts;

    @Option(names = "--seconds", paramLabel = "N", description = "Length of the changes (600).")
    private @Nullable Integer seconds;

    @Option(names = "--node-changes", paramLabel = "N", description = "Each second (10).")
    private int nodeChanges = 10;

    @Option(names = "--pod-changes", paramLabel = "N", description = "Each second (100).")
    private int podChanges = 100;

    @Option(
            names = "--node-routes",
            description = "Do not tell the agent the range of all pods (clusterCidrs).")
    private boolean nodeRoutes;

    @Option(names = "--agent", paramLabel = "FILE", description = "The agent's jar.")
    private Path agent = Path.of("agent/target/culvert/culvert.jar");

    @Option(names = "--cni", paramLabel = "FILE", description = "The CNI executable.")
    private Path cni = Path.of("cni/target/culvert-cni");

    @Option(
            names = "--agent-jvm-option",
            paramLabel = "OPTION",
            description = "For the agent, after its usual ones; may be given several times.")
    private List<String> jvmOptions = List.of();

    @Option(names = "--keep-logs", paramLabel = "DIR", description = "Where to leave all logs.")
    private @Nullable Path logs;

    /** Called by picocli. */
    public ScaleCommand() {}

    @Override
    public Integer call() throws IOException {
        ScalePlan plan = plan();
        String obstacle = obstacle(plan);
        if (!obstacle.isEmpty()) {
            System.err.println(obstacle);
            return 1;
        }
        Path directory = logs == null ? Files.createTempDirectory("culvert-scale") : logs;
        Files.createDirectories(directory);
        try {
            return measure(plan, directory);
        } finally {
            if (logs == null) {
                delete(directory);
            }
        }
    }

    private ScalePlan plan() {
        return new ScalePlan(
                agent,
                cni,
                common.number("--nodes", nodes, 2, 10_000),
                common.number("--pods", pods, 0, 1_000_000),
                common.number("--own-pods", Math.min(ownPods, pods), 0, 250),
                common.number("--starts", requireNonNullElse(starts, quick ? 1 : 5), 1, 1000),
                common.number(
                        "--seconds", requireNonNullElse(seconds, quick ? 30 : 600), 1, 86_400),
                common.number("--node-changes", nodeChanges, 1, 10_000),
                common.number("--pod-changes", podChanges, 1, 100_000),
                !nodeRoutes,
                Stream.concat(JVM_OPTIONS.stream(), jvmOptions.stream()).toList());
    }

    private static String obstacle(ScalePlan plan) {
        for (Path file : List.of(plan.agent(), plan.cni())) {
            if (!Files.exists(file)) {
                return "There is no %s: build first (./dev build), or say where it is."
                        .formatted(file);
            }
        }
        return BenchOptions.obstacle("scale");
    }

    private int measure(ScalePlan plan, Path directory) {
        try (Processes processes = new Processes()) {
            Runtime.getRuntime().addShutdownHook(new Thread(processes::close));
            common.report(new ScaleBench(plan, processes, directory).run().lines());
            return 0;
        } catch (IOException e) {
            System.err.println("The measurement failed: " + e.getMessage());
            return 1;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
