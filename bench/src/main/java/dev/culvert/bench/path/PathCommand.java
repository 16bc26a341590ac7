package dev.culvert.bench.path;

import static java.util.Objects.requireNonNullElse;

import dev.culvert.bench.report.BenchOptions;
import dev.culvert.bench.report.ResultLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./dev bench path}: Culvert against the kernel's vxlan device and plain routes. */
@Command(
        name = "path",
        mixinStandardHelpOptions = true,
        description = {
            "Throughput, packet rates, latency and cost between two pods on two nodes, made of"
                    + " network namespaces: Culvert, Culvert without offloads, the kernel's vxlan"
                    + " device, plain routing, and OpenVPN and wireguard-go where they are"
                    + " installed. Needs root, iperf3, sockperf and ethtool."
        })
public final class PathCommand implements Callable<Integer> {
    private static final List<String> TOOLS =
            List.of(
                    "iperf3",
                    "sockperf",
                    "ethtool",
                    "ip",
                    "bridge",
                    "sysctl",
                    "nsenter",
                    "setpriv");

    @Mixin private BenchOptions common = new BenchOptions();

    @Option(names = "--quick", description = "2 rounds, runs of 1 second: a look, not a result.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (5).")
    private @Nullable Integer rounds;

    @Option(names = "--seconds", paramLabel = "N", description = "Length of a run (2).")
    private @Nullable Integer seconds;

    @Option(
            names = "--loops",
            paramLabel = "N",
            description = "Event loops of Culvert; one for each core, at most 4, if not given.")
    private @Nullable Integer loops;

    @Option(
            names = "--modes",
            paramLabel = "NAME,...",
            description =
                    "Only these: culvert, culvert-plain, kernel, routing, openvpn,"
                            + " wireguard-go.")
    private @Nullable String modes;

    @Option(
            names = "--underlays",
            paramLabel = "NAME,...",
            description = "Only these: default, wire.")
    private @Nullable String underlays;

    @Option(
            names = "--metrics",
            paramLabel = "NAME,...",
            description = "Only these runs: tcp1, tcp8, bidi, udp64, udp1400, rr, rrLoad.")
    private @Nullable String metrics;

    @Option(
            names = "--load",
            paramLabel = "MBIT",
            description = "What the TCP connection of rrLoad sends, in Mbit/s (500).")
    private @Nullable Integer load;

    @Option(
            names = "--agent-jvm-option",
            paramLabel = "OPTION",
            description = "Passed to the Java processes of Culvert; may be given several times.")
    private List<String> jvmOptions = List.of();

    /** Called by picocli. */
    public PathCommand() {}

    @Override
    public Integer call() throws IOException {
        Plan plan = plan();
        String obstacle = obstacle();
        if (!obstacle.isEmpty()) {
            System.err.println(obstacle);
            return 1;
        }
        if (plan.modes().isEmpty()) {
            System.err.println("None of the modes can be measured here.");
            return 1;
        }
        return measure(plan);
    }

    private Plan plan() {
        return new Plan(
                installed(list("--modes", modes, Mode.class)),
                list("--underlays", underlays, Underlay.class),
                list("--metrics", metrics, Run.class),
                common.number("--rounds", requireNonNullElse(rounds, quick ? 2 : 5), 1, 1000),
                common.number("--seconds", requireNonNullElse(seconds, quick ? 1 : 2), 1, 60),
                common.number("--load", requireNonNullElse(load, 500), 1, 100_000),
                common.number("--loops", requireNonNullElse(loops, defaultLoops()), 1, 256),
                jvmOptions);
    }

    /** As the agent's. */
    private static int defaultLoops() {
        return Math.min(Runtime.getRuntime().availableProcessors(), 4);
    }

    /** Without the modes whose programs are not there; says which. */
    private static List<Mode> installed(List<Mode> wanted) {
        List<Mode> found = new ArrayList<>();
        for (Mode mode : wanted) {
            if (mode.commands().stream().allMatch(PathCommand::isInstalled)) {
                found.add(mode);
            } else {
                System.err.printf(
                        "Left out: %s, which is not installed (Debian: %s)%n",
                        mode.label(), mode.packages());
            }
        }
        return found;
    }

    private <E extends Enum<E> & Named> List<E> list(
            String name, @Nullable String given, Class<E> type) {
        try {
            return given == null ? Named.all(type) : Named.list(type, given);
        } catch (IllegalArgumentException e) {
            throw common.refusal(name, String.valueOf(e.getMessage()));
        }
    }

    private static String obstacle() {
        List<String> missing = TOOLS.stream().filter(tool -> !isInstalled(tool)).toList();
        if (!missing.isEmpty()) {
            return "Not found in the folders of PATH: %s. Install what is missing first."
                    .formatted(String.join(", ", missing));
        }
        return BenchOptions.obstacle("path");
    }

    private static boolean isInstalled(String tool) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.of(path.split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    }

    private int measure(Plan plan) {
        Processes processes = new Processes();
        Runtime.getRuntime().addShutdownHook(new Thread(processes::close));
        try (Topology topology = new Topology(processes)) {
            topology.start(plan);
            Probe probe = new Probe(topology, processes, plan);
            PathBench bench = new PathBench(topology, probe, plan);
            bench.run();
            if (topology.isClosed()) {
                return 1;
            }
            print(bench.samples().summary());
            bench.failures().forEach(failure -> System.out.println("No value: " + failure));
            return bench.failures().isEmpty() ? 0 : 1;
        } catch (IOException e) {
            if (!processes.isClosed()) {
                System.err.println("The measurement failed: " + e.getMessage());
            }
            return 1;
        }
    }

    private void print(List<ResultLine> lines) throws IOException {
        System.out.printf(
                "%-9s %-22s %-13s %12s %27s %10s  %s%n",
                "underlay", "metric", "mode", "median", "min to max", "to kernel", "unit");
        lines.forEach(line -> System.out.println(row(line)));
        common.write(lines);
    }

    private static String row(ResultLine line) {
        double ratio = line.ratioToKernel();
        return String.format(
                Locale.ROOT,
                "%-9s %-22s %-13s %12.2f %27s %10s  %s",
                line.underlay(),
                line.metric(),
                line.mode(),
                line.median(),
                String.format(Locale.ROOT, "%.2f to %.2f", line.min(), line.max()),
                Double.isFinite(ratio) ? String.format(Locale.ROOT, "%.2f", ratio) : "-",
                line.unit());
    }
}
