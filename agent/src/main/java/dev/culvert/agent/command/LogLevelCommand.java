package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code culvert log-level}. */
@Command(
        name = "log-level",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Show how much the running agent logs, or change it until it is restarted or its"
                        + " settings change logLevel.",
        footer = {
            "",
            "Examples:",
            "  culvert log-level",
            "  culvert log-level debug",
            "  culvert log-level dev.culvert.agent.sync trace"
        })
final class LogLevelCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
            arity = "0..2",
            paramLabel = "[LOGGER] LEVEL",
            hideParamSyntax = true,
            description =
                    "A package or class, by default all; and error, warn, info, debug or trace.")
    private List<String> words = List.of();

    LogLevelCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        JsonNode levels = new JsonMapper().readTree(ask());
        output.print(spec.commandLine().getOut(), levels, out -> print(levels, out));
        return 0;
    }

    private String ask() throws ConfigException, IOException {
        String path = "/v1/log-level";
        return switch (words.size()) {
            case 0 -> agent.client(environment).get(path, Map.of());
            case 1 -> agent.client(environment).post(path, Map.of("level", words.get(0)));
            default ->
                    agent.client(environment)
                            .post(path, Map.of("logger", words.get(0), "level", words.get(1)));
        };
    }

    private static void print(JsonNode levels, PrintWriter out) {
        levels.properties()
                .forEach(
                        each ->
                                out.printf(
                                        "%-40s %s%n", each.getKey(), each.getValue().asString()));
    }
}
