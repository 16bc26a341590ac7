package dev.culvert.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {

    @Test
    void defaultsArePinned() {
        assertThat(AgentConfig.defaults())
                .isEqualTo(
                        new AgentConfig(
                                List.of(),
                                1,
                                4789,
                                "culvert0",
                                "culvert.tun",
                                0,
                                InterfaceSelector.NONE,
                                Interop.NONE,
                                0,
                                1000,
                                new DataPathConfig(true, true, true, true, true, "none", 50, true),
                                new ProbeConfig(true, 100),
                                new RulesConfig(true, List.of(), true),
                                Path.of("/run/culvert"),
                                new CniFilesConfig(
                                        Path.of(""),
                                        Path.of("/opt/cni/bin"),
                                        Path.of(""),
                                        List.of()),
                                InetAddress.ofLiteral("127.0.0.1"),
                                9473,
                                "",
                                "info",
                                "text"));
    }

    @Test
    void readsEverySettingFromTheFile() throws ConfigException {
        AgentConfig config =
                AgentConfig.parse(
                        "f",
                        """
                        clusterCidrs: [10.244.0.0/16, "fd00:244::/56"]
                        vni: 7
                        port: 8472
                        bridge: br9
                        tunnel: tun.9
                        underlayMtu: 9000
                        interface: eth1
                        interop: flannel
                        loops: 3
                        transmitQueueLength: 50
                        tunOffload: false
                        udpSegmentation: "false"
                        udpReceiveOffload: FALSE
                        coalescing: false
                        remoteChecksum: false
                        dscp: inherit
                        spinMicros: 7
                        icmpErrors: false
                        peerProbe: false
                        peerMetrics: 0
                        masquerade: false
                        nonMasqueradeCIDRs: [172.16.0.0/12]
                        masqueradeRandomFully: false
                        runDir: /run/other
                        cniConfDir: /etc/cni/net.d
                        cniBinDir: /usr/lib/cni
                        cniExecutable: /usr/libexec/culvert-cni
                        cniChained: [portmap, tuning]
                        httpAddress: "::1"
                        httpPort: 8080
                        kubeApiServer: https://192.0.2.1:6443
                        logLevel: DEBUG
                        """,
                        Map.of());
        assertThat(config)
                .isEqualTo(
                        new AgentConfig(
                                List.of(Cidr.parse("10.244.0.0/16"), Cidr.parse("fd00:244::/56")),
                                7,
                                8472,
                                "br9",
                                "tun.9",
                                9000,
                                InterfaceSelector.parse("eth1"),
                                Interop.FLANNEL,
                                3,
                                50,
                                new DataPathConfig(
                                        false, false, false, false, false, "inherit", 7, false),
                                new ProbeConfig(false, 0),
                                new RulesConfig(false, List.of(Cidr.parse("172.16.0.0/12")), false),
                                Path.of("/run/other"),
                                new CniFilesConfig(
                                        Path.of("/etc/cni/net.d"),
                                        Path.of("/usr/lib/cni"),
                                        Path.of("/usr/libexec/culvert-cni"),
                                        List.of("portmap", "tuning")),
                                InetAddress.ofLiteral("::1"),
                                8080,
                                "https://192.0.2.1:6443",
                                "debug",
                                "text"));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "4, 4", "5, 4", "64, 4"})
    void eachCoreUpToFourGetsAnEventLoopUnlessTold(int cores, int loops) {
        assertThat(AgentConfig.eventLoopsFor(cores)).isEqualTo(loops);
    }

    @Test
    void asManyEventLoopsAsTheFileSays() throws ConfigException {
        assertThat(AgentConfig.parse("f", "loops: 9", Map.of()).eventLoops()).isEqualTo(9);
    }

    @Test
    void takesFlannelsPortUnlessOneIsGiven() throws ConfigException {
        assertThat(AgentConfig.parse("f", "interop: flannel\n", Map.of()).port()).isEqualTo(8472);
        assertThat(AgentConfig.parse("f", "interop: flannel\nport: 5\n", Map.of()).port())
                .isEqualTo(5);
        Map<String, String> environment =
                Map.of("CULVERT_INTEROP", "flannel", "CULVERT_PORT", "4789");
        assertThat(AgentConfig.parse("f", "", environment).port()).isEqualTo(4789);
        refusal("interop: calico\n").hasMessageContaining("none or flannel");
    }

    @Test
    void theEnvironmentOverridesTheFile() throws ConfigException {
        AgentConfig config =
                AgentConfig.parse(
                        "f",
                        "port: 1\nvni: 2\n",
                        Map.of("CULVERT_PORT", "3", "CULVERT_CLUSTER_CIDRS", "10.0.0.0/8"));
        assertThat(config.port()).isEqualTo(3);
        assertThat(config.vni()).isEqualTo(2);
        assertThat(config.clusterCidrs()).containsExactly(Cidr.parse("10.0.0.0/8"));
    }

    @Test
    void anEmptyFileIsAllDefaults() throws ConfigException {
        assertThat(AgentConfig.parse("f", "# nothing\n", Map.of()))
                .isEqualTo(AgentConfig.defaults());
    }

    @Test
    void aNamedFileThatIsMissingIsAnError() {
        assertThatThrownBy(() -> AgentConfig.load(Path.of("/nonexistent/c.yaml"), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("/nonexistent/c.yaml");
    }

    @Test
    void namesLineKeyValueAndWhatIsAllowed() {
        refusal("vni: 1\nport: 70000\n")
                .hasMessage(
                        "c.yaml line 2: port is '70000', but it must be a whole number from 1 to"
                                + " 65535");
    }

    @Test
    void refusesAWrongType() {
        refusal("port: many\n").hasMessageContaining("line 1: port is 'many'");
        refusal("port: [1]\n").hasMessageContaining("line 1: port is [1]");
        refusal("clusterCidrs: 10.0.0.0/8\n").hasMessageContaining("must be a list of CIDRs");
        refusal("port:\n").hasMessageContaining("'port' must be a plain value");
        refusal("vni:\n  a: 1\n").hasMessageContaining("'vni' must be a plain value");
    }

    @Test
    void refusesUnknownAndRepeatedKeys() {
        refusal("vni: 1\nprot: 4789\n")
                .hasMessageContaining("c.yaml line 2: unknown key 'prot'")
                .hasMessageContaining("clusterCidrs, vni, port");
        refusal("vni: 1\nvni: 2\n").hasMessageContaining("line 2: 'vni' is there twice");
    }

    @Test
    void refusesWhatIsNoYaml() {
        refusal("vni: [1\n").hasMessageContaining("c.yaml line 2").hasMessageContaining("YAML");
        refusal("just words\n").hasMessageContaining("'key: value' lines");
    }

    @Test
    void saysWhatIsWrongWithACidr() {
        refusal("clusterCidrs: [10.244.1.0/16]\n")
                .hasMessageContaining("line 1: clusterCidrs")
                .hasMessageContaining("the network is 10.244.0.0/16");
        refusal("clusterCidrs: [10.0.0.0/8, 10.1.0.0/16]\n").hasMessageContaining("do not overlap");
    }

    @Test
    void refusesNamesPathsAndAddressesThatCannotBe() {
        refusal("bridge: name-that-is-too-long\n").hasMessageContaining("bridge");
        refusal("runDir: run/culvert\n").hasMessageContaining("an absolute path");
        refusal("httpAddress: localhost\n").hasMessageContaining("an IP address");
        refusal("kubeApiServer: 10.0.0.1:6443\n").hasMessageContaining("a URL");
        refusal("logLevel: loud\n").hasMessageContaining("error, warn, info, debug or trace");
        refusal("underlayMtu: 100\n").hasMessageContaining("576");
        refusal("interface: 10.0.0.1/24\n").hasMessageContaining("the network is 10.0.0.0/24");
        refusal("interface: /en[/\n")
                .hasMessageContaining("a regular expression between slashes")
                .hasMessageContaining("the regular expression Unclosed character class");
        refusal("interface: name-that-is-too-long\n").hasMessageContaining("an interface name");
    }

    /** Each on its own, so that none is mistaken for another. */
    @ParameterizedTest
    @CsvSource({
        "tunOffload, 0",
        "udpSegmentation, 1",
        "udpReceiveOffload, 2",
        "coalescing, 3",
        "remoteChecksum, 4",
        "icmpErrors, 5"
    })
    void switchesOffOnePartOfTheDataPath(String name, int index) throws ConfigException {
        DataPathConfig config = AgentConfig.parse("f", name + ": false\n", Map.of()).dataPath();

        List<Boolean> flags =
                List.of(
                        config.tunOffload(),
                        config.udpSegmentation(),
                        config.udpReceiveOffload(),
                        config.coalescing(),
                        config.remoteChecksum(),
                        config.icmpErrors());
        assertThat(flags).containsOnlyOnce(false);
        assertThat(flags.indexOf(false)).isEqualTo(index);
    }

    @Test
    void refusesWhatTheDataPathCannotBe() {
        refusal("coalescing: yes\n").hasMessageContaining("true or false");
        refusal("dscp: copy\n").hasMessageContaining("none or inherit");
        refusal("spinMicros: 1001\n").hasMessageContaining("from 0 to 1000");
    }

    @Test
    void everySettingIsPrintedWhenItStarts() {
        String printed = AgentConfig.defaults().printable().toString();
        for (Setting<?> each : Settings.all()) {
            assertThat(printed).contains(each.name().replaceAll("^http.*", "http"));
        }
    }

    @Test
    void namesTheVariableThatIsWrong() {
        assertThatThrownBy(() -> AgentConfig.parse("f", "", Map.of("CULVERT_HTTP_PORT", "x")))
                .hasMessageContaining("environment variable CULVERT_HTTP_PORT is 'x'");
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> refusal(String text) {
        return assertThatThrownBy(() -> AgentConfig.parse("c.yaml", text, Map.of()))
                .isInstanceOf(ConfigException.class);
    }
}
