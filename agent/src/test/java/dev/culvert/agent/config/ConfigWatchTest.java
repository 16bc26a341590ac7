package dev.culvert.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigWatchTest {
    private static final Duration LONG = Duration.ofSeconds(25);

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final List<ConfigChange> told = new CopyOnWriteArrayList<>();
    @TempDir private Path directory;
    private final List<ConfigWatch> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(ConfigWatch::close);
    }

    @Test
    void takesOverWhatTheKubeletSwapsIn() throws Exception {
        MountedConfigMap mounted = mounted("dscp: none\n");
        ConfigWatch watch = follow(mounted.file());

        mounted.replace("dscp: inherit\nspinMicros: 7\n");

        awaitTold(1);
        assertThat(watch.get().dataPath().dscp()).isEqualTo("inherit");
        assertThat(watch.get().dataPath().spinMicros()).isEqualTo(7);
        assertThat(told.getFirst().applied())
                .containsExactly("dscp: none -> inherit", "spinMicros: 50 -> 7");
        assertThat(watch.warnings()).isEmpty();
        assertThat(reloads("applied")).isEqualTo(1);
        mounted.replace("dscp: none\n");
        awaitTold(2);
        assertThat(watch.get().dataPath().spinMicros()).isEqualTo(50);
    }

    @Test
    void keepsTheLastGoodOneWhenAFileIsRefused() throws Exception {
        MountedConfigMap mounted = mounted("underlayMtu: 9000\n");
        ConfigWatch watch = follow(mounted.file());
        AgentConfig good = watch.get();

        mounted.replace("underlayMtu: 1500\nspinMicros: fast\n");

        awaitTold(1);
        assertThat(watch.get()).isEqualTo(good);
        assertThat(told.getFirst().refusal())
                .contains("culvert.yaml line 2: spinMicros is 'fast'")
                .contains("a whole number from 0 to 1000");
        assertThat(watch.warnings()).singleElement().asString().contains("line 2: spinMicros");
        assertThat(valid()).isZero();
        assertThat(reloads("refused")).isEqualTo(1);

        mounted.replace("underlayMtu: 9000\n");
        awaitTold(2);
        assertThat(watch.warnings()).isEmpty();
        assertThat(valid()).isEqualTo(1);
        assertThat(told.getLast().sentence()).isEqualTo("no setting has another value now");
    }

    @Test
    void saysWhichSettingsWaitForARestart() throws Exception {
        MountedConfigMap mounted = mounted("port: 4789\n");
        ConfigWatch watch = follow(mounted.file());

        mounted.replace("port: 8472\nvni: 7\nicmpErrors: false\n");

        awaitTold(1);
        assertThat(watch.get().port()).isEqualTo(4789);
        assertThat(watch.get().vni()).isEqualTo(1);
        assertThat(watch.get().dataPath().icmpErrors()).isFalse();
        assertThat(told.getFirst().pending()).containsExactly("vni", "port");
        assertThat(watch.warnings()).singleElement().asString().startsWith("vni, port in ");
        assertThat(registry.get("culvert.config.pending.settings").gauge().value()).isEqualTo(2);
        assertThat(told.getFirst().sentence()).contains("a restart of the agent is needed for");

        mounted.replace("port: 4789\nicmpErrors: false\n");
        awaitTold(2);
        assertThat(watch.warnings()).isEmpty();
    }

    @Test
    void refusesAFileThatVanishes() throws Exception {
        MountedConfigMap mounted = mounted("spinMicros: 9\n");
        ConfigWatch watch = follow(mounted.file());

        mounted.removeFile();

        awaitTold(1);
        assertThat(told.getFirst().refusal()).contains("culvert.yaml is missing");
        assertThat(watch.get().dataPath().spinMicros()).isEqualTo(9);
    }

    @Test
    void variablesGoOnToOverrideTheFile() throws Exception {
        Path file = Files.writeString(directory.resolve("c.yaml"), "spinMicros: 9\n");
        ConfigWatch watch = open(file, Map.of("CULVERT_SPIN_MICROS", "3"));
        Files.writeString(file, "spinMicros: 8\ndscp: inherit\n");

        watch.look();

        assertThat(watch.get().dataPath().spinMicros()).isEqualTo(3);
        assertThat(watch.get().dataPath().dscp()).isEqualTo("inherit");
    }

    @Test
    void tellsNobodyOfAFileThatIsTheSame() throws Exception {
        MountedConfigMap mounted = mounted("spinMicros: 9\n");
        follow(mounted.file());

        mounted.replace("spinMicros: 9\n");
        mounted.replace("spinMicros: 10\n");

        awaitTold(1);
        assertThat(told.getFirst().applied()).containsExactly("spinMicros: 9 -> 10");
    }

    @Test
    void anInterfaceExpressionIsTheSameAsItselfReadAgain() throws Exception {
        Path file = Files.writeString(directory.resolve("c.yaml"), "interface: /en[0-9]/\n");
        ConfigWatch watch = open(file, Map.of());
        AgentConfig before = watch.get();
        Files.writeString(file, "interface: /en[0-9]/\n# a comment\n");

        watch.look();

        assertThat(watch.get()).isEqualTo(before);
    }

    @Test
    void aFileThatIsNamedMustExist() {
        Path file = directory.resolve("none.yaml");
        assertThatThrownBy(() -> ConfigWatch.open(file, Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(file + " is missing");
    }

    private MountedConfigMap mounted(String text) throws Exception {
        return new MountedConfigMap(directory.resolve("culvert"), text);
    }

    private ConfigWatch open(Path file, Map<String, String> environment) throws Exception {
        ConfigWatch watch = ConfigWatch.open(file, environment);
        opened.add(watch);
        return watch;
    }

    private ConfigWatch follow(Path file) throws Exception {
        ConfigWatch watch = open(file, Map.of());
        watch.meters().bindTo(registry);
        watch.start(told::add);
        return watch;
    }

    private void awaitTold(int times) {
        await().atMost(LONG).until(() -> told.size() >= times);
        assertThat(told).hasSize(times);
    }

    private double reloads(String result) {
        return registry.get("culvert.config.reloads")
                .tag("result", result)
                .functionCounter()
                .count();
    }

    private double valid() {
        return registry.get("culvert.config.valid").gauge().value();
    }
}
