package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.config.Setting;
import dev.culvert.agent.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The chart refuses before anything is installed what the agent would refuse, and nothing else:
 * both are asked about the same values, on both sides of each boundary.
 */
class SettingsAgreementTest {
    private static final Pattern RANGE = Pattern.compile("from (\\d+) to (\\d+)");
    private static final Pattern CHOICE = Pattern.compile("[a-z]+(, [a-z]+)* or [a-z]+");

    /** For settings whose allowed values are no range and no choice. */
    private static final Map<String, List<Object>> SAMPLES =
            Map.ofEntries(
                    Map.entry(
                            "clusterCidrs",
                            List.of(
                                    List.of(),
                                    List.of("10.0.0.0/8", "fd00::/48"),
                                    List.of("10.0.0.0"),
                                    List.of("pods"),
                                    "10.0.0.0/8")),
                    Map.entry(
                            "nonMasqueradeCIDRs",
                            List.of(
                                    List.of(),
                                    List.of("172.16.0.0/12", "fd00::/8"),
                                    List.of("pods"),
                                    "10.0.0.0/8")),
                    Map.entry("bridge", names()),
                    Map.entry("tunnel", names()),
                    Map.entry(
                            "interface",
                            List.of(
                                    "",
                                    "eth0",
                                    "192.0.2.0/24",
                                    "2001:db8::/64",
                                    "/en[0-9]+/",
                                    "two words",
                                    "abcdefghijklmnop")),
                    Map.entry("runDir", List.of("/run/a", "run", "")),
                    Map.entry("cniConfDir", List.of("/etc/a", "etc", "")),
                    Map.entry("cniBinDir", List.of("/opt/a", "opt", "")),
                    Map.entry("cniExecutable", List.of("/opt/a", "opt", "")),
                    Map.entry(
                            "cniChained",
                            List.of(
                                    List.of(),
                                    List.of("portmap", "my.plugin_1"),
                                    List.of("../sh"),
                                    List.of(""),
                                    "portmap")),
                    Map.entry(
                            "httpAddress",
                            List.of("0.0.0.0", "192.0.2.1", "::", "::1", "fd00::1", "", "here")),
                    Map.entry(
                            "kubeApiServer",
                            List.of(
                                    "",
                                    "https://10.0.0.1:6443",
                                    "http://api",
                                    "10.0.0.1:6443",
                                    "ftp://api",
                                    "https://")));

    @TempDir private Path folder = Path.of("");

    private static List<Object> names() {
        return List.of("a", "br-0.1_x", "abcdefghijklmno", "abcdefghijklmnop", "", "a/b", "-a");
    }

    static Stream<Setting<?>> settings() {
        return Settings.all().stream();
    }

    @Test
    void theChartHasTheSettingsOfTheAgentAndNoOthers() throws IOException {
        List<String> keys =
                Schema.ours().leaves().keySet().stream()
                        .filter(each -> each.startsWith("config."))
                        .map(each -> each.substring("config.".length()))
                        .toList();
        assertThat(keys)
                .containsExactlyInAnyOrderElementsOf(settings().map(Setting::name).toList());
    }

    /** What the agent takes over while it runs must not cost a node its network for a moment. */
    @ParameterizedTest
    @MethodSource("settings")
    void agentsAreReplacedWhereTheyMustBeAndNotElse(Setting<?> setting) throws IOException {
        Object other =
                Schema.plain(Schema.ours().at("config." + setting.name()).path("examples").path(0));
        assertThat(restartConfig(Map.of(setting.name(), other)).equals(restartConfig(Map.of())))
                .as("whether agents go on running when %s changes", setting.name())
                .isEqualTo(setting.live());
    }

    private static JsonNode restartConfig(Map<String, ?> config) {
        return Chart.only(Chart.ours().objects(Map.of("config", config)), "DaemonSet")
                .at("/spec/template/metadata/annotations")
                .path("culvert.dev/restart-config");
    }

    @ParameterizedTest
    @MethodSource("settings")
    void chartAndAgentAllowTheSame(Setting<?> setting) throws IOException {
        for (Object sample : samples(setting)) {
            assertThat(chartTakes(setting.name(), sample))
                    .as(
                            "whether the chart takes %s: %s, which the agent judges",
                            setting.name(), sample)
                    .isEqualTo(agentTakes(setting.name(), sample));
        }
    }

    private static List<Object> samples(Setting<?> setting) {
        List<Object> samples = new ArrayList<>(SAMPLES.getOrDefault(setting.name(), List.of()));
        Matcher range = RANGE.matcher(setting.allowed());
        if (range.find()) {
            long least = Long.parseLong(range.group(1));
            long most = Long.parseLong(range.group(2));
            samples.addAll(List.of(0, least - 1, least, most, most + 1, "many"));
        } else if (CHOICE.matcher(setting.allowed()).matches()) {
            for (String each : setting.allowed().split(", | or ", -1)) {
                boolean flag = each.equals("true") || each.equals("false");
                samples.add(flag ? Boolean.parseBoolean(each) : each);
            }
            samples.addAll(List.of("other", 7));
        }
        assertThat(samples)
                .as("samples of %s, which must be %s", setting.name(), setting.allowed())
                .hasSizeGreaterThan(2);
        return samples;
    }

    private static boolean chartTakes(String key, Object value) {
        try {
            Chart.ours().render(Map.of("config", Map.of(key, value)));
            return true;
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining(key);
            return false;
        }
    }

    private boolean agentTakes(String key, Object value) throws IOException {
        Path file = folder.resolve("culvert.yaml");
        Files.writeString(file, new JsonMapper().writeValueAsString(Map.of(key, value)));
        try {
            AgentConfig.load(file, Map.of());
            return true;
        } catch (ConfigException e) {
            assertThat(e).hasMessageContaining(key);
            return false;
        }
    }
}
