package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.PolicyReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert policy}. */
@Command(
        name = "policy",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Show what becomes of NetworkPolicies on this node: whether they are in force, which pods"
                    + " here they are about, and what is wrong with those that cannot be understood."
        },
        footer = {
            "",
            "Examples:",
            "  culvert policy",
            "  culvert policy shop/",
            "  culvert policy -o json | jq .enforced"
        })
final class PolicyCommand implements Callable<Integer> {
    private static final String ROW = "%-40s %-15s %s%n";

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Only policies with this in their name or among their pods.",
            defaultValue = "")
    private String wanted = "";

    PolicyCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        PolicyReport report =
                chosen(agent.ask(environment, "/v1/policy", Map.of(), PolicyReport.class));
        output.print(spec.commandLine().getOut(), report, out -> print(report, out));
        return 0;
    }

    private PolicyReport chosen(PolicyReport report) {
        return new PolicyReport(
                report.enforced(),
                report.watched(),
                report.note(),
                report.isolated(),
                report.policies().stream()
                        .filter(each -> (each.name() + " " + each.pods()).contains(wanted))
                        .toList());
    }

    private static void print(PolicyReport report, PrintWriter out) {
        out.println(report.note());
        if (report.policies().isEmpty()) {
            return;
        }
        out.printf(ROW, "POLICY", "DIRECTIONS", "PODS HERE");
        for (PolicyReport.Policy policy : report.policies()) {
            out.printf(
                    ROW,
                    policy.name(),
                    String.join(",", policy.directions()),
                    policy.pods().isEmpty() ? "-" : String.join(",", policy.pods()));
            if (!policy.problem().isEmpty()) {
                out.printf("  not understood, so it isolates them: %s%n", policy.problem());
            }
        }
    }
}
