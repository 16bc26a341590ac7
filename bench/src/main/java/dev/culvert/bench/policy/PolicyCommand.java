package dev.culvert.bench.policy;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./dev bench policy}: network policies in a large cluster that changes. */
@Command(
        name = "policy",
        mixinStandardHelpOptions = true,
        description = {
            "Time from a change in a large cluster until its network policies are in force on a"
                    + " node, with the agent's own sync thread and the real iptables and ipset in"
                    + " a network namespace; and what the rules cost a packet between two pods."
                    + " Needs root, iptables and ipset."
        })
public final class PolicyCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--quick", description = "Changes for 15 s, 1 round: a look, not a result.")
    private boolean quick;

    @Option(names = "--policies", paramLabel = "N", description = "In the cluster (1000).")
    private int policies = 1000;

    @Option(names = "--pods", paramLabel = "N", description = "In the cluster (10000).")
    private int pods = 10_000;

    @Option(names = "--own-pods", paramLabel = "N", description = "On the node (110).")
    private int ownPods = 110;

    @Option(names = "--pod-changes", paramLabel = "N", description = "Each second (50).")
    private int podChanges = 50;

    @Option(names = "--seconds", paramLabel = "N", description = "Length of the changes (120).")
    private @Nullable Integer seconds;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "Rounds of packets (7); 0 for none.")
    private @Nullable Integer rounds;

    @Option(names = "--legacy", description = "iptables-legacy instead of iptables-nft.")
    private boolean legacy;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Also write one JSON object a line.")
    private @Nullable Path json;

    /** Called by picocli. */
    public PolicyCommand() {}

    @Override
    public Integer call() throws IOException {
        PolicyPlan plan = plan();
        PolicyResults results = new PolicyResults(plan.mode().label());
        try (NetworkNamespace _ = NetworkNamespace.create()) {
            measure(plan, results);
        } catch (IOException e) {
            System.err.println("The measurement failed: " + e.getMessage());
            return 1;
        }
        print(results.lines());
        return 0;
    }

    private PolicyPlan plan() {
        int own = check("--own-pods", ownPods, 1, 250);
        return new PolicyPlan(
                check("--policies", policies, 20, 100_000),
                check("--pods", pods, 251, 1_000_000),
                own,
                check("--pod-changes", podChanges, 1, 10_000),
                quick ? 5 : 20,
                check("--seconds", seconds == null ? quick ? 15 : 120 : seconds, 1, 86_400),
                check("--rounds", rounds == null ? quick ? 1 : 7 : rounds, 0, 1000),
                quick ? 2_000 : 10_000,
                legacy ? IptablesMode.LEGACY : IptablesMode.NFT);
    }

    private int check(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(),
                    "%s must be from %d to %d, but is %d".formatted(name, least, most, value));
        }
        return value;
    }

    private static void measure(PolicyPlan plan, PolicyResults results) throws IOException {
        try {
            new ChurnBench(plan, results).run();
            if (plan.rounds() > 0) {
                new PacketBench(plan, results).run();
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e.toString(), e);
        }
    }

    private void print(List<ResultLine> lines) throws IOException {
        System.out.printf("%-34s %12s %12s %12s  %s%n", "metric", "median", "min", "max", "unit");
        for (ResultLine line : lines) {
            System.out.printf(
                    Locale.ROOT,
                    "%-34s %12.2f %12.2f %12.2f  %s%n",
                    line.metric(),
                    line.median(),
                    line.min(),
                    line.max(),
                    line.unit());
        }
        if (json != null) {
            Files.write(json, lines.stream().map(ResultLine::toJson).toList());
        }
    }
}
