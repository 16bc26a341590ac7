package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.TraceReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert trace}. */
@Command(
        name = "trace",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Follow a packet through this node in thought, by the state of kernel and agent,"
                        + " and say where it ends and why. Nothing is sent.",
        footer = {
            "",
            "Examples:",
            "  culvert trace default/web 10.244.2.7",
            "  culvert trace 10.244.1.5 10.96.0.10 --protocol udp --port 53"
        })
final class TraceCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
            index = "0",
            paramLabel = "SRC",
            description = "An address, or namespace/name of a pod of this node.")
    private String source = "";

    @Parameters(index = "1", paramLabel = "DST", description = "The same.")
    private String destination = "";

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "The destination port; default: any.",
            defaultValue = "0")
    private int port;

    @Option(
            names = "--protocol",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.",
            defaultValue = "any")
    private Protocol protocol = Protocol.any;

    /** What a packet may be. */
    enum Protocol {
        any,
        tcp,
        udp,
        sctp
    }

    TraceCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        TraceReport report =
                agent.ask(
                        environment,
                        "/v1/trace",
                        Map.of(
                                "from",
                                source,
                                "to",
                                destination,
                                "port",
                                Integer.toString(port),
                                "protocol",
                                protocol.name()),
                        TraceReport.class);
        output.print(spec.commandLine().getOut(), report, out -> print(report, out));
        return report.arrives() ? 0 : Failures.FAILED;
    }

    private static void print(TraceReport report, PrintWriter out) {
        out.printf("%s -> %s%n", report.source(), report.destination());
        for (TraceReport.Step step : report.steps()) {
            if (!step.what().equals("end")) {
                out.printf("  %-5s %-12s %s%n", step.result(), step.what(), step.text());
            }
        }
        out.printf("%s: %s%n", report.arrives() ? "arrives" : "dropped", report.end());
    }
}
