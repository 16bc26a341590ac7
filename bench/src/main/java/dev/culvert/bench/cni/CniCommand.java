package dev.culvert.bench.cni;

import static java.util.Objects.requireNonNullElse;

import dev.culvert.bench.report.BenchOptions;
import dev.culvert.bench.report.ResultLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./dev bench cni}: our executable and agent against Debian's bridge and host-local. */
@Command(
        name = "cni",
        mixinStandardHelpOptions = true,
        description = {
            "How long it takes to attach a pod, and how many can be attached in a second: Culvert's"
                    + " executable with a running agent, and Debian's plugins bridge and host-local,"
                    + " in turn. Needs root and Debian's package containernetworking-plugins."
        })
public final class CniCommand implements Callable<Integer> {
    @Mixin private BenchOptions common = new BenchOptions();

    @Option(names = "--quick", description = "3 rounds of 20 pods: a look, not a result.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (5).")
    private @Nullable Integer rounds;

    @Option(names = "--pods", paramLabel = "N", description = "Pods of each mode in a round (100).")
    private @Nullable Integer pods;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            description = "ADDs at a time where the rate is measured (${DEFAULT-VALUE}).",
            defaultValue = "8")
    private int parallel = 8;

    @Option(
            names = "--agent-jar",
            paramLabel = "FILE",
            defaultValue = "agent/target/culvert/culvert.jar",
            hidden = true)
    private Path agentJar = Path.of("agent/target/culvert/culvert.jar");

    @Option(
            names = "--demo-jar",
            paramLabel = "FILE",
            defaultValue = "deploy/target/demo/culvert-demo.jar",
            hidden = true)
    private Path demoJar = Path.of("deploy/target/demo/culvert-demo.jar");

    @Option(
            names = "--executable",
            paramLabel = "FILE",
            defaultValue = "cni/target/culvert-cni",
            hidden = true)
    private Path executable = Path.of("cni/target/culvert-cni");

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            description = "Where bridge and host-local are (${DEFAULT-VALUE}).",
            defaultValue = "/usr/lib/cni")
    private Path plugins = Path.of("/usr/lib/cni");

    /** Called by picocli. */
    public CniCommand() {}

    @Override
    public Integer call() {
        CniPlan plan =
                new CniPlan(
                        common.number(
                                "--rounds", requireNonNullElse(rounds, quick ? 3 : 5), 1, 1000),
                        common.number(
                                "--pods", requireNonNullElse(pods, quick ? 20 : 100), 1, 1000),
                        common.number("--parallel", parallel, 1, 64),
                        agentJar.toAbsolutePath(),
                        demoJar.toAbsolutePath(),
                        executable.toAbsolutePath(),
                        plugins.toAbsolutePath());
        String obstacle = obstacle(plan);
        if (!obstacle.isEmpty()) {
            System.err.println(obstacle);
            return 1;
        }
        return measure(plan);
    }

    /** What is missing, in a sentence; empty if nothing is. */
    static String obstacle(CniPlan plan) {
        for (String name : List.of("bridge", "host-local")) {
            if (!Files.isExecutable(plan.plugins().resolve(name))) {
                return "There is no plugin %s in %s: install Debian's package containernetworking-plugins."
                        .formatted(name, plan.plugins());
            }
        }
        for (Path each : List.of(plan.agentJar(), plan.demoJar(), plan.executable())) {
            if (!Files.isReadable(each)) {
                return "There is no %s: run ./dev build first.".formatted(each);
            }
        }
        return BenchOptions.obstacle("cni");
    }

    private int measure(CniPlan plan) {
        try (CniNode node = CniNode.start(plan)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> closeQuietly(node)));
            CniBench bench = new CniBench(plan, node);
            bench.run();
            print(bench.samples().summary());
            return 0;
        } catch (Exception e) {
            System.err.println("The measurement failed: " + e.getMessage());
            return 1;
        }
    }

    private static void closeQuietly(CniNode node) {
        try {
            node.close();
        } catch (IOException e) {
            System.err.println("Not everything was removed: " + e.getMessage());
        }
    }

    private void print(List<ResultLine> lines) throws IOException {
        System.out.printf(
                "%-14s %-9s %10s %21s %10s  %s%n",
                "metric", "mode", "median", "min to max", "to bridge", "unit");
        lines.forEach(line -> System.out.println(row(line)));
        common.write(lines);
    }

    private static String row(ResultLine line) {
        return String.format(
                Locale.ROOT,
                "%-14s %-9s %10.2f %21s %10.2f  %s",
                line.metric(),
                line.mode(),
                line.median(),
                String.format(Locale.ROOT, "%.2f to %.2f", line.min(), line.max()),
                line.ratioToKernel(),
                line.unit());
    }
}
