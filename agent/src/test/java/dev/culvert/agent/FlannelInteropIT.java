package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.status.StatusReport;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A cluster that moves from flannel node by node: one node has the agent, one still has flannel.
 */
class FlannelInteropIT {
    private static final int MEGABYTE = 1 << 20;
    private static final String PREFIX = "flannel.alpha.coreos.com/";

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    @TempDir private Path directory;

    @AfterEach
    void removeNamespaces() {
        namespaces.close();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void podsOfBothKindsOfNodesTalk(IpFamily family) throws Exception {
        try (TestAgentNode here = TestAgentNode.create(namespaces, directory, family)) {
            FlannelNode there = FlannelNode.start(namespaces, here.neighbour(), family, 8472);
            here.api().create(there.object());
            AgentProcess agent = here.startAgent("interop: flannel\n");

            here.eventually(
                    () ->
                            assertThat(
                                            here.api()
                                                    .get(TestAgentNode.NAME)
                                                    .getMetadata()
                                                    .getAnnotations())
                                    .containsAllEntriesOf(expected(family, here.ip())));
            here.eventually(() -> assertThat(agent.report().peers()).hasSize(1));
            there.learn(here.api().get(TestAgentNode.NAME));
            NetworkNamespace pod = here.addPod("web");

            here.ping(pod, there.podIp());
            here.ping(there.pod(), here.podAddress().getHostAddress());
            here.ping(here.node(), there.podIp());
            here.ping(there.node(), here.podAddress().getHostAddress());
            try (PodTraffic out =
                            PodTraffic.open(pod, there.pod(), IpAddresses.parse(there.podIp()));
                    PodTraffic in = PodTraffic.open(there.pod(), pod, here.podAddress())) {
                out.exchange(4 * MEGABYTE);
                in.exchange(4 * MEGABYTE);
            }
            here.eventually(
                    () ->
                            assertThat(agent.report().peers().getFirst().state())
                                    .as("the kernel answers the probe")
                                    .isIn("up", "lossy"));
            StatusReport report = agent.report();
            assertThat(Stream.of("wrong_mac", "wrong_vni", "bad_vxlan_flags", "spoofed_source"))
                    .allMatch(reason -> report.dropped(reason) == 0);
        }
    }

    private static Map<String, String> expected(IpFamily family, String ip) {
        boolean v4 = family == IpFamily.IPV4;
        return Map.of(
                PREFIX + "backend-type",
                "vxlan",
                PREFIX + (v4 ? "backend-data" : "backend-v6-data"),
                "{\"VNI\":1,\"VtepMAC\":\"%s\"}".formatted(MacAddress.ofName(TestAgentNode.NAME)),
                PREFIX + (v4 ? "public-ip" : "public-ipv6"),
                IpAddresses.parse(ip).getHostAddress(),
                PREFIX + "kube-subnet-manager",
                "true");
    }
}
