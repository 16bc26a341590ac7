package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Asks the agent of this node for its status. The options of commands that print what it says. */
final class AgentClient {
    /** How to print. */
    enum Output {
        /** For people. */
        table,
        /** For programs. */
        json
    }

    @Mixin private AgentAddress agent = new AgentAddress();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}.",
            defaultValue = "table")
    private Output output = Output.table;

    Output output() {
        return output;
    }

    /** The agent's answer as it is. */
    String json(Map<String, String> environment)
            throws ConfigException, IOException, InterruptedException {
        return agent.json(environment);
    }

    StatusReport report(Map<String, String> environment)
            throws ConfigException, IOException, InterruptedException {
        return agent.report(environment);
    }
}
