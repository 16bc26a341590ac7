package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.PingReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert bench}. Exit status 1 when an answer is missing. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measure the round trip through the overlay to another node with small and large"
                        + " packets, one at a time: the next leaves when the last was answered.",
        footer = {"", "Examples:", "  culvert bench worker-2", "  culvert bench worker-2 -o json"})
final class BenchCommand implements Callable<Integer> {
    private static final String ROW = "%8s %8s %8s %8s %8s %8s %8s%n";
    private static final int SMALL = 88;
    private static final int LARGE = 1280;

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NODE", description = "As for ping.")
    private String node = "";

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "Requests of each size, at most 10000; default ${DEFAULT-VALUE}.",
            defaultValue = "1000")
    private int count;

    BenchCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        List<PingReport> reports = new ArrayList<>();
        for (int bytes : new int[] {SMALL, LARGE}) {
            Map<String, String> query =
                    Map.of(
                            "node",
                            node,
                            "count",
                            Integer.toString(count),
                            "interval",
                            "0",
                            "bytes",
                            Integer.toString(bytes));
            reports.add(agent.ask(environment, "/v1/ping", query, PingReport.class));
        }
        output.print(spec.commandLine().getOut(), reports, out -> print(reports, out));
        return reports.stream().allMatch(each -> each.lost() == 0) ? 0 : Failures.FAILED;
    }

    private static void print(List<PingReport> reports, PrintWriter out) {
        out.printf("round trips to %s in microseconds%n", reports.getFirst().node());
        out.printf(ROW, "BYTES", "SENT", "LOST", "MIN", "MEDIAN", "P99", "MAX");
        for (PingReport report : reports) {
            List<Long> sorted = report.sorted();
            out.printf(
                    ROW,
                    report.bytes(),
                    report.micros().size(),
                    report.lost(),
                    at(sorted, 0),
                    at(sorted, 0.5),
                    at(sorted, 0.99),
                    at(sorted, 1));
        }
    }

    private static String at(List<Long> sorted, double quantile) {
        return sorted.isEmpty()
                ? "-"
                : sorted.get((int) Math.min(sorted.size() - 1, quantile * sorted.size()))
                        .toString();
    }
}
