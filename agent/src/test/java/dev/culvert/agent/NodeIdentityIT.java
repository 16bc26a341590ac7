package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a node is to the others, and what becomes of it while the agent runs: its address, the MTU
 * between the nodes, its Node object, and what others claim.
 */
class NodeIdentityIT {
    private static final int MEGABYTE = 1 << 20;

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    @TempDir private Path directory;
    private TestAgentNode here;

    @BeforeEach
    void createTheNode() throws Exception {
        here = TestAgentNode.create(namespaces, directory, IpFamily.IPV4);
    }

    @AfterEach
    void removeAll() {
        try {
            if (here != null) {
                here.close();
            }
        } finally {
            namespaces.close();
        }
    }

    @Test
    void runningPodsFollowTheUnderlaysMtu() throws Exception {
        FlannelNode there = startNeighbour();
        AgentProcess agent = here.startAgent("");
        NetworkNamespace pod = here.addPod("web");
        awaitPeer(agent, there);
        here.ping(pod, there.podIp());
        assertPodMtu(pod, 1450);
        try (PodTraffic traffic = PodTraffic.open(there.pod(), pod, here.podAddress())) {
            traffic.exchange(MEGABYTE);

            setUnderlayMtu(1400);
            here.eventually(() -> assertPodMtu(pod, 1350));
            traffic.exchange(MEGABYTE);
            here.eventually(
                    () ->
                            assertThat(here.api().events(TestAgentNode.NAME))
                                    .anyMatch(each -> each.startsWith("UnderlayChanged: ")));

            agent.terminate();
            setUnderlayMtu(1500);
            here.startAgent("");
            here.eventually(() -> assertPodMtu(pod, 1450));
            traffic.exchange(MEGABYTE);
        }
    }

    private void setUnderlayMtu(int mtu) throws Exception {
        for (NetworkNamespace each : List.of(here.node(), here.neighbour())) {
            here.ip(each, "link set eth0 mtu " + mtu);
        }
    }

    /** Everywhere on the pod's way, and as the pod's own idea of it. */
    private void assertPodMtu(NetworkNamespace pod, int mtu) throws Exception {
        assertThat(here.mtu(here.node(), "culvert0")).isEqualTo(mtu);
        assertThat(here.mtu(here.node(), "culvert.tun")).isEqualTo(mtu);
        String links = here.ip(here.node(), "-o link show type veth");
        assertThat(links.lines().filter(line -> line.contains("culvert0")))
                .singleElement()
                .asString()
                .contains(" mtu " + mtu + " ");
        assertThat(here.mtu(pod, "eth0")).isEqualTo(mtu);
        assertThat(here.ip(pod, "route show default")).contains("mtu " + mtu);
    }

    @Test
    void announcesAnotherAddressWhenTheNodeMoves() throws Exception {
        FlannelNode there = startNeighbour();
        AgentProcess agent = here.startAgent("");
        NetworkNamespace pod = here.addPod("web");
        awaitPeer(agent, there);
        here.ping(pod, there.podIp());

        here.ip(here.node(), "addr del 192.168.77.1/24 dev eth0");
        here.ip(here.node(), "addr add 192.168.77.11/24 dev eth0");
        here.eventually(
                () ->
                        assertThat(agent.get("/readyz").body())
                                .contains("it has eth0 192.168.77.11"));
        here.api().setInternalIp(TestAgentNode.NAME, "192.168.77.11");
        awaitAnnounced("192.168.77.11");
        learnFrom(there);
        here.ping(pod, there.podIp());
    }

    @Test
    void usesTheConfiguredInterfaceWhenTheNodeHasNoLocalAddress() throws Exception {
        here.api().setInternalIp(TestAgentNode.NAME, "198.51.100.1");
        here.startAgent("interface: /et.[0-9]/\n");
        awaitAnnounced("192.168.77.1");
    }

    @Test
    void countsAndOutlivesWhatADeletedNodeStillSends() throws Exception {
        FlannelNode there = startNeighbour();
        AgentProcess agent = here.startAgent("");
        NetworkNamespace pod = here.addPod("web");
        awaitPeer(agent, there);
        here.ping(there.pod(), here.podAddress().getHostAddress());

        here.api().delete(FlannelNode.NAME);
        here.eventually(() -> assertThat(agent.report().peers()).isEmpty());
        here.eventually(
                () -> {
                    assertThat(
                                    namespaces
                                            .run(
                                                    there.pod(),
                                                    "ping",
                                                    "-c1",
                                                    "-W1",
                                                    here.podAddress().getHostAddress())
                                            .status())
                            .isNotZero();
                    assertThat(agent.report().dropped("unknown_vtep")).isPositive();
                });

        here.api().create(there.culvertObject());
        here.ping(pod, there.podIp());
    }

    @Test
    void saysThatItsNetworkIsAvailableAlsoOfANodeThatCameAgain() throws Exception {
        here.startAgent("");
        awaitConditionAndAnnotation();
        here.api().delete(TestAgentNode.NAME);
        here.createNodeObject();
        awaitConditionAndAnnotation();
    }

    private void awaitConditionAndAnnotation() {
        awaitAnnounced("192.168.77.1");
        here.eventually(
                () ->
                        assertThat(node().getStatus().getConditions())
                                .anySatisfy(
                                        each -> {
                                            assertThat(each.getType())
                                                    .isEqualTo("NetworkUnavailable");
                                            assertThat(each.getStatus()).isEqualTo("False");
                                            assertThat(each.getReason()).isEqualTo("CulvertIsUp");
                                        }));
    }

    @Test
    void tellsOfNodesThatClaimWhatItHas() throws Exception {
        AgentProcess agent = here.startAgent("");
        awaitAnnounced("192.168.77.1");
        here.api().create(rival("rival1", "192.168.77.8", "10.244.1.128/25"));
        here.api().create(rival("rival2", "192.168.77.1", "10.244.9.0/24"));

        here.eventually(
                () ->
                        assertThat(here.api().events(TestAgentNode.NAME))
                                .anyMatch(
                                        each ->
                                                each.startsWith(
                                                        "PodCIDRConflict: podCIDR 10.244.1.128/25"
                                                                + " of node rival1 overlaps"))
                                .anyMatch(
                                        each ->
                                                each.startsWith(
                                                        "AddressConflict: node rival2 announces"
                                                                + " the address 192.168.77.1")));
        here.eventually(
                () ->
                        assertThat(agent.get("/metrics").body())
                                .contains("culvert_node_conflicts{kind=\"pod_cidr\",} 1.0")
                                .contains("culvert_node_conflicts{kind=\"address\",} 1.0")
                                .contains("culvert_node_events_total{result=\"created\",} 2.0"));
        assertThat(agent.report().peers()).isEmpty();
        assertThat(agent.get("/readyz").status()).isEqualTo(200);
    }

    @Test
    void tellsOfWhatLastsOfItsEndAndOfALostDataPath() throws Exception {
        here.api().edit(TestAgentNode.NAME, node -> node.editSpec().withPodCIDRs().endSpec());
        here.api().edit(TestAgentNode.NAME, node -> node.editSpec().withPodCIDR(null).endSpec());
        AgentProcess agent = here.launchAgent("");
        here.eventually(
                () -> assertThat(agent.get("/readyz").body()).contains("has no podCIDR yet"));
        awaitEvent("PodCIDRNotUsable: node node1 has no podCIDR yet");
        here.api().setPodCidr(TestAgentNode.NAME, "10.244.1.0/24");
        here.awaitReady(agent);
        awaitEvent("NetworkReady: ");

        here.ip(here.node(), "link delete culvert.tun");
        awaitEvent("DataPathLost: ");
        here.awaitReady(agent);
    }

    private void awaitEvent(String beginning) {
        here.eventually(
                () ->
                        assertThat(here.api().events(TestAgentNode.NAME))
                                .anyMatch(each -> each.startsWith(beginning)));
    }

    private static NodeBuilder rival(String name, String ip, String cidr) {
        return ApiServer.node(name, ip)
                .editSpec()
                .withPodCIDRs(cidr)
                .endSpec()
                .editMetadata()
                .addToAnnotations(
                        ApiServer.ANNOTATION,
                        "{\"ip\":\"%s\",\"mac\":\"%s\",\"vni\":1,\"port\":4789,\"protocols\":[\"vxlan\"]}"
                                .formatted(ip, MacAddress.ofName(name)))
                .endMetadata();
    }

    private FlannelNode startNeighbour() throws Exception {
        FlannelNode there = FlannelNode.start(namespaces, here.neighbour(), IpFamily.IPV4, 4789);
        here.api().create(there.culvertObject());
        return there;
    }

    private void awaitPeer(AgentProcess agent, FlannelNode there) throws Exception {
        here.eventually(() -> assertThat(agent.report().peers()).hasSize(1));
        awaitAnnounced(here.ip());
        learnFrom(there);
    }

    /** From Culvert's annotation what flannel's would say. */
    private void learnFrom(FlannelNode there) throws Exception {
        String said = here.api().annotation(TestAgentNode.NAME);
        there.learn(
                new NodeBuilder(node())
                        .editMetadata()
                        .withAnnotations(FlannelNode.translated(said))
                        .endMetadata()
                        .build());
    }

    private void awaitAnnounced(String ip) {
        here.eventually(
                () ->
                        assertThat(here.api().annotation(TestAgentNode.NAME))
                                .contains("\"ip\":\"" + ip + "\""));
    }

    private Node node() throws Exception {
        return here.api().get(TestAgentNode.NAME);
    }
}
