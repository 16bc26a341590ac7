package dev.culvert.agent.install;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class NetworkListTest {
    private static JsonNode parse(String... chained) {
        return new JsonMapper().readTree(new NetworkList(List.of(chained)).content());
    }

    @Test
    void declaresVersionsAndCapabilities() {
        assertThat(new String(new NetworkList(List.of()).content(), UTF_8))
                .isEqualToNormalizingWhitespace(
                        """
                        {
                          "cniVersion" : "1.0.0",
                          "cniVersions" : [ "0.3.1", "0.4.0", "1.0.0", "1.1.0" ],
                          "name" : "culvert",
                          "plugins" : [ {
                            "type" : "culvert-cni",
                            "capabilities" : {
                              "mac" : true,
                              "ips" : true,
                              "bandwidth" : true,
                              "portMappings" : true,
                              "io.kubernetes.cri.pod-annotations" : true
                            }
                          } ]
                        }
                        """);
    }

    @Test
    void isTheOneInTheDocumentation() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String block = page.substring(page.indexOf("```json") + 7);
        assertThat(new JsonMapper().readTree(block.substring(0, block.indexOf("```"))))
                .isEqualTo(parse());
    }

    @Test
    void givesChainedPluginsTheirCapabilities() {
        JsonNode plugins = parse("portmap", "tuning").path("plugins");
        assertThat(plugins).hasSize(3);
        assertThat(plugins.path(1).toString())
                .isEqualTo("{\"type\":\"portmap\",\"capabilities\":{\"portMappings\":true}}");
        assertThat(plugins.path(2).toString()).isEqualTo("{\"type\":\"tuning\"}");
    }

    @Test
    void leavesPortMappingsToAPluginThatTakesThem() {
        JsonNode plugins = parse("portmap").path("plugins");
        assertThat(plugins.path(0).path("capabilities").has("portMappings")).isFalse();
    }

    @Test
    void leavesTheBandwidthToAPluginThatTakesIt() {
        JsonNode plugins = parse("bandwidth").path("plugins");
        assertThat(plugins.path(0).path("capabilities").has("bandwidth")).isFalse();
        assertThat(plugins.path(0).path("capabilities").has("mac")).isTrue();
        assertThat(plugins.path(1).path("capabilities").has("bandwidth")).isTrue();
    }
}
