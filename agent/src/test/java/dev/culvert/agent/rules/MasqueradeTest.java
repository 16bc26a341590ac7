package dev.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasqueradeTest {
    private static final String OWN = "10.244.1.0/24";

    @TempDir Path directory;

    private final RenderedRules rules =
            new RenderedRules(List.of(new ClusterSets(), new Masquerade()), IpFamily.IPV4);

    private RulesNode node(String settings) throws Exception {
        Path file = Files.writeString(directory.resolve("culvert.yaml"), settings);
        return RenderedRules.node(AgentConfig.load(file, Map.of()), OWN);
    }

    @Test
    void onlyWhatLeavesTheClusterTakesTheNodesAddress() throws Exception {
        assertThat(rules.rules(node("port: 8472"), "CULVERT-MASQ"))
                .containsExactly(
                        "-m mark --mark 0x4000/0x4000 -j RETURN",
                        "-o culvert0 -j RETURN",
                        "-o culvert.tun -j RETURN",
                        "-p udp -m udp --dport 8472 -m addrtype --src-type LOCAL -j RETURN",
                        "-m set --match-set CULVERT-CLUSTER-4 dst -j RETURN",
                        "-m set --match-set CULVERT-NODES-4 dst -j RETURN",
                        "-s 10.244.1.0/24 -j MASQUERADE --random-fully");
    }

    @Test
    void nodesAndAllPodRangesAreInside() throws Exception {
        assertThat(rules.lines(node("nonMasqueradeCIDRs: [172.16.0.0/12, 'fd00:9::/32']")))
                .contains(
                        "add CULVERT-CLUSTER-4 10.244.1.0/24 -exist",
                        "add CULVERT-CLUSTER-4 10.244.2.0/24 -exist",
                        "add CULVERT-CLUSTER-4 172.16.0.0/12 -exist",
                        "add CULVERT-NODES-4 192.0.2.1 -exist",
                        "add CULVERT-NODES-4 192.0.2.2 -exist")
                .noneMatch(line -> line.contains("fd00"));
    }

    @Test
    void theConfiguredRangesStandForThoseWithin() throws Exception {
        assertThat(rules.lines(node("clusterCidrs: [10.244.0.0/16]")))
                .contains("add CULVERT-CLUSTER-4 10.244.0.0/16 -exist")
                .noneMatch(line -> line.contains("10.244.2.0/24"));
    }

    @Test
    void withoutAChangeNothingIsWritten() throws Exception {
        rules.lines(node(""));
        assertThat(rules.lines(node(""))).isEmpty();
    }

    @Test
    void aChangedSettingTakesEffectAtOnce() throws Exception {
        rules.lines(node(""));
        assertThat(rules.rules(node("masqueradeRandomFully: false"), "CULVERT-MASQ"))
                .containsExactly("-s 10.244.1.0/24 -j MASQUERADE");
        assertThat(rules.lines(node("nonMasqueradeCIDRs: [203.0.113.0/24]")))
                .contains("add CULVERT-CLUSTER-4 203.0.113.0/24 -exist");
        List<String> last = rules.lines(node("masquerade: false"));
        assertThat(last).contains("-X CULVERT-MASQ");
        assertThat(rules.lines(node("masquerade: false"))).isEmpty();
    }

    @Test
    void bothFamiliesHaveTheirOwnRulesAndSets() throws IOException {
        RenderedRules both =
                new RenderedRules(
                        List.of(new ClusterSets(), new Masquerade()), IpFamily.IPV4, IpFamily.IPV6);
        RulesNode node =
                RenderedRules.node(AgentConfig.defaults(), "10.244.1.0/24,fd00:244:1::/64");
        assertThat(both.lines(node))
                .contains(
                        "-A CULVERT-MASQ -s 10.244.1.0/24 -j MASQUERADE --random-fully",
                        "-A CULVERT-MASQ -s fd00:244:1:0:0:0:0:0/64 -j MASQUERADE --random-fully",
                        "add CULVERT-CLUSTER-6 fd00:244:2:0:0:0:0:0/64 -exist",
                        "add CULVERT-NODES-6 2001:db8:0:0:0:0:0:2 -exist");
    }
}
