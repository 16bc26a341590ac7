package dev.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class SourceGuardTest {
    private static final String OWN = "10.244.1.0/24";
    private static final String VETH = Attachment.hostVeth("one", "eth0");
    private static final String CHAIN = "CULVERT-SOURCE-" + VETH.charAt(2);

    private final RenderedRules rules =
            new RenderedRules(List.of(new ClusterSets(), new SourceGuard()), IpFamily.IPV4);

    private static RulesNode node(LocalPod... pods) {
        return RenderedRules.node(AgentConfig.defaults(), OWN, pods);
    }

    @Test
    void onlyThePodsOwnAddressesPassItsPort() throws IOException {
        assertThat(rules.rules(node(Pods.pod("one", "10.244.1.2")), CHAIN))
                .containsExactly(
                        ("-s 10.244.1.2/32 -m physdev --physdev-in %s -m mac --mac-source"
                                        + " 0a:58:0a:f4:01:02 -j RETURN")
                                .formatted(VETH),
                        "-g CULVERT-SPOOFED");
    }

    @Test
    void theHardwareAddressIsNotAskedForWhereItIsNotKnown() throws IOException {
        LocalPod pod = new LocalPod(Pods.lease("one", "10.244.1.2"), null);
        assertThat(rules.rules(node(pod), CHAIN))
                .contains("-s 10.244.1.2/32 -m physdev --physdev-in %s -j RETURN".formatted(VETH));
    }

    @Test
    void whatIsForANodesOverlayOrFromNoPodIsDropped() throws IOException {
        assertThat(rules.rules(node(Pods.pod("one", "10.244.1.2")), "CULVERT-SOURCE"))
                .containsExactly(
                        "-p udp -m udp --dport 4789 -m set --match-set CULVERT-NODES-4 dst -g"
                                + " CULVERT-OVERLAY",
                        "-p udp -m udp --dport 4789 -m addrtype --dst-type LOCAL -g"
                                + " CULVERT-OVERLAY",
                        "-m physdev --physdev-in cv%s+ -g %s".formatted(VETH.charAt(2), CHAIN),
                        "-g CULVERT-SPOOFED");
    }

    @Test
    void onlyPacketsOfPodsMeetTheRules() throws IOException {
        assertThat(rules.lines(node()))
                .contains("-A CULVERT-SPOOFED -j DROP", "-A CULVERT-OVERLAY -j DROP")
                .anyMatch(line -> line.endsWith(" -d 127.0.0.0/8 -i culvert0 -j DROP"))
                .anyMatch(
                        line ->
                                line.endsWith(
                                        " -i culvert0 -m physdev --physdev-in cv+ -j"
                                                + " CULVERT-SOURCE"));
    }

    @Test
    void aPodThatEndsLosesItsRules() throws IOException {
        rules.lines(node(Pods.pod("one", "10.244.1.2")));
        assertThat(rules.lines(node())).contains("-X " + CHAIN);
        assertThat(rules.lines(node())).isEmpty();
    }

    @Test
    void neighboursAreFoundWithIpv6() throws IOException {
        RenderedRules six =
                new RenderedRules(List.of(new ClusterSets(), new SourceGuard()), IpFamily.IPV6);
        RulesNode node =
                RenderedRules.node(
                        AgentConfig.defaults(), "fd00:1::/64", Pods.pod("one", "fd00:1::2"));
        assertThat(six.rules(node, "CULVERT-SOURCE"))
                .contains("-s fe80:0:0:0:0:0:0:0/10 -j RETURN", "-s 0:0:0:0:0:0:0:0/128 -j RETURN");
    }
}
