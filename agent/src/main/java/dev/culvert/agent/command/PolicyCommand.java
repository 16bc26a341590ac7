package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.PolicyReport;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code culvert policy}. */
@Command(
        name = "policy",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Show what becomes of NetworkPolicies on this node.",
        footer = {"", "Example:", "  culvert policy -o json | jq .enforced"})
final class PolicyCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    PolicyCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        PolicyReport report = agent.ask(environment, "/v1/policy", Map.of(), PolicyReport.class);
        output.print(spec.commandLine().getOut(), report, out -> out.println(report.note()));
        return 0;
    }
}
