package dev.culvert.demo;

import dev.culvert.agent.kube.KubeAssets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line of the demo. The main thread starts every process, see ChildProcesses. */
@CommandLine.Command(
        name = "./dev demo",
        description = "Shows pods on several nodes talking through Culvert.",
        mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "3",
            description = "Nodes, 2 to 9 (default ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(
            names = "--pods",
            paramLabel = "M",
            defaultValue = "2",
            description = "Pods on each node, 1 to 20 (default ${DEFAULT-VALUE}).")
    private int pods;

    @Option(
            names = "--keep",
            description = "Leave it running at the end and print how to look around.")
    private boolean keep;

    @Option(names = "--down", description = "Remove a demo that was left running.")
    private boolean down;

    @Option(
            names = "--root",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "The source tree (default: here).")
    private Path root = Path.of(".");

    @Option(
            names = "--logs",
            paramLabel = "DIR",
            description = "Where the logs go (default: deploy/target/demo/logs).")
    private Path logs = Path.of("");

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description =
                    "Run the agents from this image, an OCI archive, each in a container of"
                            + " containerd on its node.")
    private @Nullable Path image;

    @Option(
            names = "--capabilities",
            paramLabel = "NAMES",
            split = ",",
            description = "What these containers get (default: what the DaemonSet gives).")
    private List<String> capabilities = ImageProgram.CAPABILITIES;

    @Option(names = "--terminal", description = "Show colours.")
    private boolean terminal;

    @Spec private CommandSpec spec = CommandSpec.create();

    private final StateFile state;
    private final String assets;

    Main(StateFile state, String assets) {
        this.state = state;
        this.assets = assets;
    }

    /** Runs the demo; the exit status is 0 only if all of it held. */
    public static void main(String[] arguments) {
        Main main = new Main(new StateFile(stateFolder()), assets());
        System.exit(new CommandLine(main).execute(arguments));
    }

    private static Path stateFolder() {
        String folder = System.getenv().getOrDefault("XDG_RUNTIME_DIR", "");
        return Path.of(folder.isEmpty() ? "/run" : folder, "culvert-demo");
    }

    private static String assets() {
        return System.getenv().getOrDefault(KubeAssets.VARIABLE, "");
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Plan plan = plan();
        Report report = new Report(System.out, terminal);
        if (!"root".equals(System.getProperty("user.name"))) {
            report.line("The demo makes network namespaces and needs root: run sudo ./dev demo");
            return 1;
        }
        if (down) {
            return Down.run(state, report);
        }
        if (!state.alive().isEmpty()) {
            report.line("A demo is running already: remove it with ./dev demo --down");
            return 1;
        }
        return run(plan, report);
    }

    /** What the options ask for, checked. */
    Plan plan() {
        require(nodes >= 2 && nodes <= 9, "--nodes must be from 2 to 9, but is " + nodes);
        require(pods >= 1 && pods <= 20, "--pods must be from 1 to 20, but is " + pods);
        require(!keep || !down, "--keep and --down exclude each other");
        Path tree = root.toAbsolutePath().normalize();
        Path folder = logs.toString().isEmpty() ? tree.resolve("deploy/target/demo/logs") : logs;
        return new Plan(
                nodes,
                pods,
                keep,
                tree,
                folder.toAbsolutePath(),
                image == null ? null : image.toAbsolutePath(),
                capabilities);
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private int run(Plan plan, Report report) throws IOException, InterruptedException {
        long start = System.nanoTime();
        state.delete();
        ChildProcesses children = new ChildProcesses(state, plan.keep());
        Cleanup cleanup = new Cleanup(children);
        Runtime.getRuntime().addShutdownHook(new Thread(cleanup, "cleanup"));
        try {
            KubeAssets real = assets.isEmpty() ? null : KubeAssets.of(assets);
            new Demo(plan, real, children, report).run();
        } catch (DemoException | IOException e) {
            if (cleanup.begun()) {
                // A signal came: the failure is only that things are being removed.
                return 1;
            }
            report.failure(String.valueOf(e.getMessage()));
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        report.line("");
        if (report.failures() > 0) {
            report.line(
                    String.format(
                            Locale.ROOT,
                            "FAILED: %d of the above, %.0f s. Logs: %s",
                            report.failures(),
                            seconds,
                            plan.logs()));
            return 1;
        }
        report.line(
                String.format(
                        Locale.ROOT,
                        "All of it held: %d nodes, %d pods, %.0f s.",
                        plan.nodes(),
                        plan.nodes() * plan.podsPerNode(),
                        seconds));
        if (plan.keep()) {
            cleanup.cancel();
            LookAround.print(plan, state, report);
        }
        return 0;
    }
}
