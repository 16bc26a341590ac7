package dev.culvert.bench.policy;

import static java.util.Objects.requireNonNullElse;

import dev.culvert.bench.report.BenchOptions;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
    @Mixin private BenchOptions common = new BenchOptions();

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

    /** Called by picocli. */
    public PolicyCommand() {}

    @Override
    public Integer call() throws IOException {
        PolicyPlan plan = plan();
        PolicyResults results = new PolicyResults(plan.mode().label());
        String obstacle = BenchOptions.obstacle("policy");
        if (!obstacle.isEmpty()) {
            System.err.println(obstacle);
            return 1;
        }
        try (NetworkNamespace _ = NetworkNamespace.create()) {
            measure(plan, results);
        } catch (IOException e) {
            System.err.println("The measurement failed: " + e.getMessage());
            return 1;
        }
        common.report(results.lines());
        return 0;
    }

    private PolicyPlan plan() {
        int own = common.number("--own-pods", ownPods, 1, 250);
        return new PolicyPlan(
                common.number("--policies", policies, 20, 100_000),
                common.number("--pods", pods, 251, 1_000_000),
                own,
                common.number("--pod-changes", podChanges, 1, 10_000),
                quick ? 5 : 20,
                common.number(
                        "--seconds", requireNonNullElse(seconds, quick ? 15 : 120), 1, 86_400),
                common.number("--rounds", requireNonNullElse(rounds, quick ? 1 : 7), 0, 1000),
                quick ? 2_000 : 10_000,
                legacy ? IptablesMode.LEGACY : IptablesMode.NFT);
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
}
