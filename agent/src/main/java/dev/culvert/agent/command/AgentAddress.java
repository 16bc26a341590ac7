package dev.culvert.agent.command;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** Where the agent of this node is asked. The options of commands that do. */
final class AgentAddress {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "The agent's settings, which say where it listens.",
            defaultValue = "/etc/culvert/culvert.yaml")
    private Path config = AgentConfig.DEFAULT_FILE;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Where the agent listens, instead of what its settings say.")
    private @Nullable String url;

    /** The file with the agent's settings. */
    Path config() {
        return config;
    }

    /** Whether an agent runs on this node. */
    boolean answers(Map<String, String> environment) throws ConfigException, InterruptedException {
        try {
            return !json(environment).isEmpty();
        } catch (IOException _) {
            return false;
        }
    }

    /** The agent's answer as it is. */
    String json(Map<String, String> environment)
            throws ConfigException, IOException, InterruptedException {
        String base = url == null ? fromSettings(environment) : url;
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(3)).build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(base + "/status"))
                            .timeout(Duration.ofSeconds(5))
                            .build();
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException(
                        "what answers at %s is no agent: HTTP status %d"
                                .formatted(base, answer.statusCode()));
            }
            return answer.body();
        } catch (java.net.http.HttpTimeoutException | java.net.ConnectException e) {
            throw new IOException(
                    "no agent answers at %s: is it running on this node?".formatted(base), e);
        }
    }

    StatusReport report(Map<String, String> environment)
            throws ConfigException, IOException, InterruptedException {
        return new JsonMapper().readValue(json(environment), StatusReport.class);
    }

    private String fromSettings(Map<String, String> environment) throws ConfigException {
        AgentConfig settings = AgentConfig.load(config, environment);
        InetAddress address = settings.httpAddress();
        String host =
                address.isAnyLocalAddress()
                        ? "127.0.0.1"
                        : address.getHostAddress().contains(":")
                                ? "[" + address.getHostAddress() + "]"
                                : address.getHostAddress();
        return "http://" + host + ":" + settings.httpPort();
    }
}
