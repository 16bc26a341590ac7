package dev.culvert.agent.command;

import dev.culvert.agent.admin.AdminClient;
import dev.culvert.agent.admin.AdminServer;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** Where the agent of this node is asked. The options of commands that do. */
final class AgentAddress {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The agent's settings; its socket is in their runDir.",
            defaultValue = "/etc/culvert/culvert.yaml")
    private Path config = AgentConfig.DEFAULT_FILE;

    @Option(
            names = "--socket",
            paramLabel = "FILE",
            description = "The agent's socket, instead of agent.sock in its runDir.")
    private @Nullable Path socket;

    /** The file with the agent's settings. */
    Path config() {
        return config;
    }

    /** The client for its socket. */
    AdminClient client(Map<String, String> environment) throws ConfigException {
        return new AdminClient(
                socket == null
                        ? AgentConfig.load(config, environment).runDir().resolve(AdminServer.SOCKET)
                        : socket);
    }

    /** Asks for a value. */
    <T> T ask(
            Map<String, String> environment, String path, Map<String, String> query, Class<T> type)
            throws ConfigException, IOException {
        return new JsonMapper().readValue(client(environment).get(path, query), type);
    }

    StatusReport report(Map<String, String> environment) throws ConfigException, IOException {
        return ask(environment, "/v1/status", Map.of(), StatusReport.class);
    }
}
