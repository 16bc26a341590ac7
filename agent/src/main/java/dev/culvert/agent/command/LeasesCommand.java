package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.LeaseReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert leases}. */
@Command(
        name = "leases",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "List the addresses of this node's pods, the oldest first.",
        footer = {"", "Examples:", "  culvert leases", "  culvert leases 10.244.1.7 -o yaml"})
final class LeasesCommand implements Callable<Integer> {
    private static final String ROW = "%-40s %-32s %-10s %-16s %-8s %s%n";
    private static final int SHORT_ID = 13;

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Only those with this in pod, address, interface or container.",
            defaultValue = "")
    private String wanted = "";

    LeasesCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        LeaseReport[] all = agent.ask(environment, "/v1/leases", Map.of(), LeaseReport[].class);
        List<LeaseReport> leases =
                Arrays.stream(all).filter(each -> each.toString().contains(wanted)).toList();
        output.print(spec.commandLine().getOut(), leases, out -> print(leases, out));
        return 0;
    }

    private static void print(List<LeaseReport> leases, PrintWriter out) {
        out.printf(ROW, "POD", "ADDRESSES", "INTERFACE", "VETH", "STATE", "CONTAINER");
        for (LeaseReport lease : leases) {
            String id = lease.container();
            out.printf(
                    ROW,
                    lease.pod().isEmpty() ? "-" : lease.pod(),
                    String.join(",", lease.addresses()),
                    lease.interfaceName(),
                    lease.veth(),
                    lease.state(),
                    id.substring(0, Math.min(SHORT_ID, id.length())));
        }
    }
}
