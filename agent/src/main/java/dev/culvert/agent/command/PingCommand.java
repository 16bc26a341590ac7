package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.PingReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert ping}. Exit status 1 when an answer is missing, or large packets do not pass. */
@Command(
        name = "ping",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Send echo requests through the overlay to another node's tunnel address, and find"
                        + " the largest packet that passes.",
        footer = {
            "",
            "Examples:",
            "  culvert ping worker-2",
            "  culvert ping worker-2 --mtu",
            "  culvert ping 10.244.2.7 --count 20 --interval 100 --size 1400"
        })
final class PingCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
            paramLabel = "NODE",
            description = "A node's name, its address, or an address of one of its pods.")
    private String node = "";

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "Requests, in at most 25 seconds; default ${DEFAULT-VALUE}.",
            defaultValue = "5")
    private int count;

    @Option(
            names = "--interval",
            paramLabel = "MS",
            description = "Milliseconds between them; default ${DEFAULT-VALUE}.",
            defaultValue = "1000")
    private int interval;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            description = "Bytes of each IP packet, never cut; default ${DEFAULT-VALUE}.",
            defaultValue = "88")
    private int size;

    @Option(
            names = "--mtu",
            description = "First find the largest packet that passes, up to the pods' MTU.")
    private boolean mtu;

    PingCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("node", node);
        query.put("count", Integer.toString(count));
        query.put("interval", Integer.toString(interval));
        query.put("bytes", Integer.toString(size));
        if (mtu) {
            query.put("mtu", "1");
        }
        PingReport report = agent.ask(environment, "/v1/ping", query, PingReport.class);
        output.print(spec.commandLine().getOut(), report, out -> print(report, out));
        boolean hole = report.largest() >= 0 && report.largest() < report.limit();
        return report.lost() == 0 && !hole ? 0 : Failures.FAILED;
    }

    private static void print(PingReport report, PrintWriter out) {
        out.printf(
                "%s at %s through the overlay, packets of %d bytes%n",
                report.node(), report.address(), report.bytes());
        int number = 0;
        for (long micros : report.micros()) {
            number++;
            out.printf(
                    "  %d: %s%n",
                    number,
                    micros >= 0
                            ? micros + " us"
                            : micros == -1 ? "no answer" : "too big for the tunnel");
        }
        List<Long> sorted = report.sorted();
        if (!report.micros().isEmpty()) {
            out.printf("%d sent, %d lost%n", report.micros().size(), report.lost());
        }
        if (!sorted.isEmpty()) {
            out.printf(
                    "min %d, median %d, max %d us%n",
                    sorted.getFirst(), sorted.get(sorted.size() / 2), sorted.getLast());
        }
        if (report.largest() >= 0) {
            out.printf("largest packet that passes: %s%n", hole(report));
        }
    }

    private static String hole(PingReport report) {
        if (report.largest() == 0) {
            return "none, not even small ones";
        }
        return report.largest() == report.limit()
                ? report.limit() + " bytes, which is the pods' MTU"
                : "%d bytes, though pods may send %d: the underlay carries less than its interface"
                                .formatted(report.largest(), report.limit())
                        + " says; set underlayMtu";
    }
}
