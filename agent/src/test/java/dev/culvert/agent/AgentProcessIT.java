package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.config.MountedConfigMap;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.Feature;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as it is deployed, in a namespace that stands for a node. */
class AgentProcessIT {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String OWN_IP = "192.168.77.1";

    private static final String NAME = "--node-name=node1";

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    private final List<AutoCloseable> opened = new ArrayList<>();
    @TempDir private Path directory;
    private NetworkNamespace node;
    private KernelRtnetlink rtnetlink;

    @BeforeEach
    void connectTheNode() throws Exception {
        node = namespaces.create();
        namespaces.connect(node, "eth0", namespaces.create(), "eth0");
        rtnetlink = namespaces.rtnetlink(node);
        int underlay = rtnetlink.link("eth0").orElseThrow().index();
        rtnetlink.ensureAddress(Address.of(underlay, IpAddresses.parse(OWN_IP), 24));
    }

    @AfterEach
    void closeAll() throws Exception {
        try {
            for (AutoCloseable each : opened.reversed()) {
                each.close();
            }
        } finally {
            namespaces.close();
        }
    }

    @Test
    void setsTheNodeUpAndLeavesItWorkingWhenItIsStopped() throws Exception {
        ApiServer api = apiWithNode("10.244.1.0/24");
        api.create(peer("node2", "10.244.2.0/24", "192.168.77.2"));
        AgentProcess agent = startAgent();
        awaitReady(agent);
        assertTheNodeIsSetUp();
        eventually(() -> assertThat(api.annotation("node1")).isEqualTo(vtep("node1", OWN_IP)));
        assertThat(agent.get("/healthz").status()).isEqualTo(200);
        assertThat(agent.get("/metrics").body())
                .contains("culvert_agent_ready 1.0")
                .contains("culvert_agent_alive 1.0")
                .contains("culvert_peer_nodes{state=\"up\",} 0.0")
                .containsPattern("culvert_agent_self_tests_total\\{result=\"passed\",} [1-9]");
        assertThat(undocumented(agent.get("/metrics").body())).isEmpty();

        List<Link> links = rtnetlink.links();
        assertThat(agent.terminate()).as(agent.output()).isEqualTo(0);
        assertThat(indexes(rtnetlink.links())).isEqualTo(indexes(links));
        assertThat(peerRoutes()).hasSize(1);

        AgentProcess second = startAgent();
        awaitReady(second);
        assertTheNodeIsSetUp();
        assertThat(indexes(rtnetlink.links())).isEqualTo(indexes(links));
    }

    @Test
    void followsTheOtherNodes() throws Exception {
        ApiServer api = apiWithNode("10.244.1.0/24");
        AgentProcess agent = startAgent();
        awaitReady(agent);
        assertThat(agent.report().peers()).isEmpty();

        api.create(peer("node2", "10.244.2.0/24", "192.168.77.2"));
        awaitPeers(agent, "node2 [10.244.2.0/24] at 192.168.77.2");
        api.annotate("node2", vtep("node2", "192.168.77.22"));
        awaitPeers(agent, "node2 [10.244.2.0/24] at 192.168.77.22");

        api.create(peer("node3", "10.244.2.0/24", "192.168.77.3"));
        awaitWarning(agent, "podCIDR 10.244.2.0/24 of node node3 overlaps");
        awaitPeers(agent, "node2 [10.244.2.0/24] at 192.168.77.22");
        api.delete("node2");
        awaitPeers(agent, "node3 [10.244.2.0/24] at 192.168.77.3");

        api.annotate("node3", "{\"ip\":\"somewhere\",\"protocols\":[\"vxlan\"]}");
        awaitPeers(agent);
        eventually(() -> assertThat(peerRoutes()).isEmpty());
        assertThat(agent.get("/readyz").status()).isEqualTo(200);
    }

    @Test
    void repairsWhatIsDeletedUnderIt() throws Exception {
        ApiServer api = apiWithNode("10.244.1.0/24");
        api.create(peer("node2", "10.244.2.0/24", "192.168.77.2"));
        AgentProcess agent = startAgent();
        awaitReady(agent);

        rtnetlink.deleteRoute(peerRoutes().getFirst());
        eventually(this::assertTheNodeIsSetUp);
        for (String name : List.of("culvert0", "culvert.tun")) {
            int deleted = rtnetlink.link(name).orElseThrow().index();
            rtnetlink.deleteLink(deleted);
            eventually(this::assertTheNodeIsSetUp);
            assertThat(rtnetlink.link(name).orElseThrow().index()).isNotEqualTo(deleted);
            awaitReady(agent);
        }
        Map<String, Long> repairs = agent.report().sync().repairs();
        assertThat(List.of("route", "bridge", "tunnel"))
                .allSatisfy(kind -> assertThat(repairs.get(kind)).as(kind).isPositive());
        assertThat(agent.report().changes())
                .extracting(StatusReport.ChangeStatus::text)
                .contains("put right: bridge culvert0", "put right: tunnel culvert.tun");
    }

    @Test
    void saysWhatIsWrongWithTheNodeAndRecovers() throws Exception {
        ApiServer api = start(ApiServer.start(node));
        AgentProcess agent = startAgent();
        awaitNotReady(agent, "there is no Node object named node1");
        api.create(ApiServer.node("node1", OWN_IP));
        awaitNotReady(agent, "node node1 has no podCIDR yet");
        assertThat(rtnetlink.link("culvert0")).isEmpty();

        api.setPodCidr("node1", "10.244.1.0/99");
        awaitNotReady(agent, "node node1 has a malformed podCIDR");
        api.setPodCidr("node1", "192.168.0.0/16");
        awaitNotReady(
                agent,
                "podCIDR 192.168.0.0/16 overlaps the network 192.168.77.0/24 of interface eth0");
        api.setPodCidr("node1", "10.244.1.0/24");
        awaitReady(agent);

        api.setInternalIp("node1", "192.168.77.99");
        awaitNotReady(agent, "none of the InternalIPs [192.168.77.99] of node node1");
        api.setInternalIp("node1", OWN_IP);
        awaitReady(agent);
    }

    @Test
    void showsWhichPartsOfTheDataPathAreOff() throws Exception {
        apiWithNode("10.244.1.0/24");
        AgentProcess agent = startAgent("coalescing: false\nicmpErrors: false\n");
        awaitReady(agent);

        Map<String, Boolean> expected = new TreeMap<>();
        for (Feature feature : Feature.values()) {
            boolean off = feature == Feature.COALESCING || feature == Feature.ICMP_ERRORS;
            expected.put(feature.label(), !off);
        }
        Map<String, Boolean> wanted = new TreeMap<>();
        agent.report().features().forEach(each -> wanted.put(each.name(), each.wanted()));
        assertThat(wanted).isEqualTo(expected);
        StatusReport report = agent.report();
        assertThat(report.egress().packets()).as("the test of the path is none of them").isZero();
        assertThat(report.ingress().packets()).isZero();
        assertThat(report.dropped("unknown_vtep")).isZero();
        assertThat(agent.get("/metrics").body())
                .contains("culvert_overlay_feature_enabled{feature=\"coalescing\",} 0.0")
                .contains("culvert_overlay_feature_enabled{feature=\"tun_checksum\",} 1.0");
        AgentProcess status = start(command("status"));
        assertThat(status.exitStatus()).as(status.output()).isEqualTo(0);
        assertThat(status.output())
                .containsPattern("(?m)^features   .*tun_checksum")
                .containsPattern("(?m)^off        coalescing: not asked for$");
    }

    @Test
    void followsItsConfigurationWhileItRuns() throws Exception {
        ApiServer api = apiWithNode("10.244.1.0/24");
        String first = Files.readString(config("coalescing: false\n"));
        MountedConfigMap mounted = new MountedConfigMap(directory.resolve("mounted"), first);
        AgentProcess agent = startAgent(mounted.file());
        awaitReady(agent);
        assertThat(wanted(agent)).doesNotContain("coalescing").contains("icmp_errors");

        mounted.replace(first.replace("coalescing: false", "icmpErrors: false\nunderlayMtu: 1400"));
        eventually(
                () -> {
                    assertThat(wanted(agent)).contains("coalescing").doesNotContain("icmp_errors");
                    assertThat(agent.report().podMtu()).isEqualTo(1350);
                });
        awaitReady(agent);

        mounted.replace(first + "underlayMtu: 1\n");
        awaitWarning(agent, "line 4: underlayMtu is '1', but it must be 0, or a whole number");
        assertThat(agent.get("/metrics").body())
                .contains("culvert_config_valid 0.0")
                .contains("culvert_config_reloads_total{result=\"applied\",} 1.0");
        eventually(
                () ->
                        assertThat(api.events("node1"))
                                .anyMatch(each -> each.contains("ConfigRefused")));
        assertThat(wanted(agent)).contains("coalescing");
        awaitReady(agent);
    }

    private static List<String> wanted(AgentProcess agent) throws Exception {
        return agent.report().features().stream()
                .filter(StatusReport.FeatureStatus::wanted)
                .map(StatusReport.FeatureStatus::name)
                .toList();
    }

    @Test
    void waitsForTheUdpPort() throws Exception {
        apiWithNode("10.244.1.0/24");
        AgentProcess agent;
        try (DatagramChannel other = node.call(DatagramChannel::open)) {
            other.bind(new InetSocketAddress(4789));
            agent = startAgent();
            awaitNotReady(agent, "UDP port 4789 is taken on this node");
        }
        awaitReady(agent);
        assertThat(agent.openTunQueues()).as("queues, none left of the attempts").isEqualTo(2);
    }

    @Test
    void waitsForTheApi() throws Exception {
        AgentProcess agent = startAgent();
        awaitNotReady(agent, "the Kubernetes API at http://127.0.0.1:8080");
        apiWithNode("10.244.1.0/24");
        awaitReady(agent);
    }

    @Test
    void refusesWhatWaitingCannotMend() throws Exception {
        Path config = config("");
        Path missing = directory.resolve("missing");
        assertRefused(
                1,
                "culvert: cannot read the kubeconfig " + missing,
                "agent",
                "--config=" + config,
                "--kubeconfig=" + missing,
                NAME);
        Path malformed = Files.writeString(directory.resolve("malformed"), "clusters: [");
        assertRefused(
                1,
                "culvert: the kubeconfig " + malformed + " is not valid",
                "agent",
                "--config=" + config,
                "--kubeconfig=" + malformed,
                NAME);
        assertRefused(
                1, "line 3: unknown key 'mtu'", "agent", "--config=" + config("mtu: 1400\n"), NAME);
        assertRefused(
                1,
                "line 3: port is 'many', but it must be a whole number from 1 to 65535",
                "agent",
                "--config=" + config("port: many\n"),
                NAME);
        assertRefused(2, "Unknown option: '--colour'", "agent", "--colour", NAME);
    }

    @Test
    void refusesToShareItsHttpPort() throws Exception {
        try (ServerSocketChannel other = node.call(ServerSocketChannel::open)) {
            other.bind(new InetSocketAddress(9473));
            AgentProcess agent = startAgent();
            assertThat(agent.exitStatus()).as(agent.output()).isEqualTo(1);
            assertThat(agent.output())
                    .contains("culvert: cannot listen on 127.0.0.1:9473 for health and metrics")
                    .doesNotContain("\tat ");
        }
    }

    private void assertRefused(int status, String sentence, String... arguments) throws Exception {
        AgentProcess agent = start(AgentProcess.start(node, directory, arguments));
        assertThat(agent.exitStatus()).as(agent.output()).isEqualTo(status);
        assertThat(agent.output()).contains(sentence).doesNotContain("\tat ");
    }

    private ApiServer apiWithNode(String podCidr) throws Exception {
        ApiServer api = start(ApiServer.start(node));
        api.create(ApiServer.node("node1", OWN_IP).editSpec().withPodCIDRs(podCidr).endSpec());
        return api;
    }

    private static NodeBuilder peer(String name, String podCidr, String ip) {
        return ApiServer.node(name, ip)
                .editSpec()
                .withPodCIDRs(podCidr)
                .endSpec()
                .editMetadata()
                .addToAnnotations(ApiServer.ANNOTATION, vtep(name, ip))
                .endMetadata();
    }

    private static String vtep(String name, String ip) {
        return ("{\"ip\":\"%s\",\"mac\":\"%s\",\"vni\":1,\"port\":4789,"
                        + "\"protocols\":[\"vxlan\",\"vxlan-rco\"]}")
                .formatted(ip, MacAddress.ofName(name));
    }

    private AgentProcess startAgent() throws Exception {
        return startAgent("");
    }

    private AgentProcess startAgent(String settings) throws Exception {
        return startAgent(config(settings));
    }

    private AgentProcess startAgent(Path config) throws Exception {
        Path kubeconfig = directory.resolve("kubeconfig");
        Files.writeString(
                kubeconfig,
                """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s"}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                users: [{name: u, user: {}}]
                current-context: c
                """
                        .formatted(ApiServer.URL));
        return start(
                AgentProcess.start(
                        node,
                        directory,
                        "agent",
                        "--config=" + config,
                        "--kubeconfig=" + kubeconfig,
                        NAME));
    }

    private AgentProcess command(String... words) throws IOException {
        List<String> line = new ArrayList<>(List.of(words));
        line.add("--socket=" + directory.resolve("run").resolve("agent.sock"));
        return AgentProcess.start(node, directory, line.toArray(String[]::new));
    }

    private Path config(String more) throws IOException {
        Path file = Files.createTempFile(directory, "culvert", ".yaml");
        return Files.writeString(
                file, "runDir: " + directory.resolve("run") + "\nloops: 2\n" + more);
    }

    private <T extends AutoCloseable> T start(T part) {
        opened.add(part);
        return part;
    }

    /** Names of ours that docs/metrics.md does not have. */
    private static Set<String> undocumented(String metrics) throws IOException {
        Set<String> names =
                metrics.lines()
                        .filter(line -> line.startsWith("# TYPE culvert_"))
                        .map(line -> line.substring("# TYPE ".length(), line.lastIndexOf(' ')))
                        .filter(name -> !name.endsWith("_max"))
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(names).hasSizeGreaterThan(40);
        String page = Files.readString(Path.of("..", "docs", "metrics.md"));
        names.removeIf(name -> page.contains("\n| `" + name + "` | "));
        return names;
    }

    private void assertTheNodeIsSetUp() throws Exception {
        Link bridge = rtnetlink.link("culvert0").orElseThrow();
        assertThat(bridge.kind()).isEqualTo("bridge");
        assertThat(bridge.up()).isTrue();
        assertThat(bridge.mtu()).isEqualTo(1450);
        assertThat(bridge.mac()).isEqualTo(MacAddress.ofPod(IpAddresses.parse("10.244.1.1")));
        assertThat(addresses(bridge)).containsExactly("10.244.1.1/24");
        Link tunnel = rtnetlink.link("culvert.tun").orElseThrow();
        assertThat(tunnel.kind()).isEqualTo("tun");
        assertThat(tunnel.up()).isTrue();
        assertThat(tunnel.mtu()).isEqualTo(1450);
        assertThat(addresses(tunnel)).containsExactly("10.244.1.0/32");
        assertThat(peerRoutes())
                .containsExactly(
                        Route.to(Cidr.parse("10.244.2.0/24"), tunnel.index())
                                .withSource(IpAddresses.parse("10.244.1.0")));
    }

    private static List<Integer> indexes(List<Link> links) {
        return links.stream().map(Link::index).sorted().toList();
    }

    private List<String> addresses(Link link) throws Exception {
        return rtnetlink.addresses().stream()
                .filter(address -> address.linkIndex() == link.index())
                .filter(address -> !address.local().isLinkLocalAddress())
                .map(address -> address.local().getHostAddress() + "/" + address.prefixLength())
                .toList();
    }

    private List<Route> peerRoutes() throws Exception {
        return rtnetlink.routes().stream()
                .filter(route -> route.protocol() == Route.PROTOCOL_CULVERT)
                .toList();
    }

    private static void awaitReady(AgentProcess agent) {
        eventually(agent, () -> assertThat(agent.get("/readyz").body()).endsWith("\nready\n"));
    }

    /** One line says what is wrong, and the agent runs on. */
    private static void awaitNotReady(AgentProcess agent, String sentence) {
        eventually(
                agent,
                () -> {
                    AgentProcess.Answer answer = agent.get("/readyz");
                    assertThat(answer.body()).containsOnlyOnce(sentence);
                    assertThat(answer.status()).isEqualTo(503);
                });
        assertThat(agent.isAlive()).isTrue();
    }

    private static void awaitWarning(AgentProcess agent, String sentence) {
        eventually(
                agent,
                () ->
                        assertThat(agent.report().warnings())
                                .anySatisfy(each -> assertThat(each).contains(sentence)));
    }

    private static void awaitPeers(AgentProcess agent, String... peers) {
        eventually(
                agent,
                () ->
                        assertThat(agent.report().peers())
                                .extracting(
                                        each ->
                                                "%s %s at %s"
                                                        .formatted(
                                                                each.node(),
                                                                each.prefixes(),
                                                                each.ip()))
                                .containsExactly(peers));
    }

    private static void eventually(AgentProcess agent, ThrowingRunnable assertion) {
        eventually(
                () -> {
                    try {
                        assertion.run();
                    } catch (AssertionError e) {
                        throw new AssertionError(e.getMessage() + "\n" + agent.output(), e);
                    } catch (Throwable e) {
                        throw new AssertionError(e);
                    }
                });
    }

    private static void eventually(ThrowingRunnable assertion) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(100))
                // What is being made again is not there yet when it is looked for.
                .ignoreException(NoSuchElementException.class)
                .untilAsserted(assertion);
    }
}
