package dev.culvert.bench.rules;

import static java.util.Objects.requireNonNullElse;

import dev.culvert.bench.report.BenchOptions;
import dev.culvert.bench.report.ResultLine;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./dev bench rules}: the packet filter's driver against the programs by hand. */
@Command(
        name = "rules",
        mixinStandardHelpOptions = true,
        description = {
            "Time to write packet-filter rules and sets, in network namespaces: Culvert's driver,"
                    + " and iptables-restore and ipset restore with the same scripts by hand, for"
                    + " iptables-nft and iptables-legacy. Needs root, iptables and ipset."
        })
public final class RulesCommand implements Callable<Integer> {
    @Mixin private BenchOptions common = new BenchOptions();

    @Option(names = "--quick", description = "1 round: a look, not a result.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (5).")
    private @Nullable Integer rounds;

    @Option(names = "--rules", paramLabel = "N", description = "Rules, about (10000).")
    private int rules = 10_000;

    @Option(names = "--sets", paramLabel = "N", description = "Sets of 50 members (200).")
    private int sets = 200;

    /** Called by picocli. */
    public RulesCommand() {}

    @Override
    public Integer call() throws IOException {
        int times = common.number("--rounds", requireNonNullElse(rounds, quick ? 1 : 5), 1, 1000);
        RuleLoad load =
                new RuleLoad(
                        common.number("--rules", rules, 21, 1_000_000),
                        common.number("--sets", sets, 1, 10_000));
        String obstacle = BenchOptions.obstacle("rules");
        if (!obstacle.isEmpty()) {
            System.err.println(obstacle);
            return 1;
        }
        try (NetworkNamespace _ = NetworkNamespace.create()) {
            return measure(new RulesBench(load, quick ? 5 : 20), times);
        } catch (IOException e) {
            System.err.println("The measurement failed: " + e.getMessage());
            return 1;
        }
    }

    private int measure(RulesBench bench, int times) throws IOException {
        for (int round = 1; round <= times; round++) {
            for (IptablesMode mode : IptablesMode.values()) {
                System.out.printf("round %d of %d: iptables-%s%n", round, times, mode.label());
                try {
                    bench.round(mode);
                } catch (IOException | RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException(e.toString(), e);
                }
            }
        }
        print(bench.timings().summary());
        return 0;
    }

    private void print(List<ResultLine> lines) throws IOException {
        System.out.printf(
                "%n%-26s %-8s %10s %23s  %s%n", "metric", "mode", "median", "min to max", "unit");
        List<ResultLine> sorted = new ArrayList<>(lines);
        sorted.sort((one, other) -> one.metric().compareTo(other.metric()));
        for (ResultLine line : sorted) {
            System.out.printf(
                    Locale.ROOT,
                    "%-26s %-8s %10.1f %23s  %s%n",
                    line.metric(),
                    line.mode(),
                    line.median(),
                    String.format(Locale.ROOT, "%.1f to %.1f", line.min(), line.max()),
                    line.unit());
        }
        common.write(sorted);
    }
}
