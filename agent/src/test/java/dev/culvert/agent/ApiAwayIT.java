package dev.culvert.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.agent.status.StatusReport;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.LinkMonitor;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The agent as it is deployed, while the Kubernetes API is away. */
class ApiAwayIT {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String RESTARTS =
            "culvert_kube_watch_restarts_total{kind=\"nodes\",reason=\"unreachable\",}";
    private static final String OWN_IP = "192.168.78.1";
    private static final Path EXECUTABLE =
            Path.of("..", "cni", "target", "culvert-cni").toAbsolutePath().normalize();

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    private final List<AutoCloseable> opened = new ArrayList<>();
    @TempDir private Path directory;
    private NetworkNamespace node;
    private KernelRtnetlink rtnetlink;

    @BeforeEach
    void connectTheNode() throws Exception {
        assumeTrue(Files.isExecutable(EXECUTABLE), EXECUTABLE + " is missing: build module cni");
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
    void startsFromTheLastKnownNodesServesPodsAndFollowsTheApiOnceItIsBack() throws Exception {
        ApiServer api = api("node2");
        AgentProcess first = startAgent();
        awaitReady(first);
        eventually(first, () -> assertThat(peersFile()).content().contains("192.168.78.2"));
        assertThat(first.terminate()).as(first.output()).isZero();
        api.close();
        for (String name : List.of("culvert0", "culvert.tun")) {
            rtnetlink.deleteLink(rtnetlink.link(name).orElseThrow().index());
        }

        long begin = System.nanoTime();
        AgentProcess agent = startAgent();
        awaitReady(agent);
        print("ready without the API", begin);
        assertThat(agent.report().peers())
                .extracting(StatusReport.PeerStatus::node)
                .containsExactly("node2");
        assertThat(routes()).containsExactly("10.244.2.0/24");
        awaitWarning(agent, "the nodes are those of the last run, from " + peersFile());
        awaitWarning(agent, "cannot be used (nodes)");
        assertThat(agent.get("/metrics").body()).contains("culvert_agent_peers_remembered 1.0");
        addAPod();

        begin = System.nanoTime();
        api("node3");
        eventually(
                agent,
                () -> {
                    assertThat(agent.report().peers())
                            .extracting(StatusReport.PeerStatus::node)
                            .containsExactly("node3");
                    assertThat(agent.report().warnings())
                            .noneMatch(each -> each.contains("last run"));
                });
        print("nodes replaced after the API came back", begin);
        assertThat(agent.get("/metrics").body()).contains("culvert_agent_peers_remembered 0.0");
        eventually(
                agent,
                () -> assertThat(peersFile()).content().contains("node3").doesNotContain("node2"));
    }

    @Test
    void startsWithoutAFileThatIsOfNoUse() throws Exception {
        Files.createDirectories(peersFile().getParent());
        Files.writeString(peersFile(), "{\"version\":1,\"node\":\"other\",\"nodes\":[]}");
        AgentProcess agent = startAgent();
        eventually(
                agent,
                () ->
                        assertThat(agent.output())
                                .containsOnlyOnce("are of no use, waiting for the API"));
        assertThat(agent.get("/readyz").status()).isEqualTo(503);
        api("node2");
        awaitReady(agent);
    }

    @Test
    void anApiThatComesBackUnchangedChangesNothingOnTheNode() throws Exception {
        ApiServer api = api("node2");
        AgentProcess agent = startAgent();
        awaitReady(agent);
        eventually(agent, () -> assertThat(routes()).containsExactly("10.244.2.0/24"));
        eventually(agent, () -> assertThat(api.annotation("node1")).contains(OWN_IP));
        double published = metric(agent, "culvert_overlay_fdb_publications_total");
        assertThat(published).isPositive();

        Queue<Object> changes = new ConcurrentLinkedQueue<>();
        opened.add(node.call(() -> LinkMonitor.open(changes::add)));
        api.close();
        eventually(
                agent,
                () ->
                        assertThat(metric(agent, "culvert_agent_api_reachable"))
                                .as("reachable")
                                .isZero());
        long begin = System.nanoTime();
        ApiServer back = api("node2");
        eventually(
                agent,
                () ->
                        assertThat(metric(agent, "culvert_agent_api_reachable"))
                                .as("reachable")
                                .isEqualTo(1));
        print("API usable again", begin);
        // The new server's objects have other ids, so that the file tells when they were listed.
        String uid = back.uid("node2");
        eventually(agent, () -> assertThat(peersFile()).content().contains(uid));
        eventually(agent, () -> assertThat(back.annotation("node1")).contains(OWN_IP));

        assertThat(metric(agent, "culvert_overlay_fdb_publications_total")).isEqualTo(published);
        assertThat(changes).isEmpty();
        assertThat(metric(agent, RESTARTS)).isPositive();
    }

    private void addAPod() throws Exception {
        NetworkNamespace pod = namespaces.create();
        ProcessBuilder builder =
                new ProcessBuilder("nsenter", "--net=" + node.path(), "--", EXECUTABLE.toString());
        builder.redirectErrorStream(true);
        builder.environment().put("CNI_COMMAND", "ADD");
        builder.environment().put("CNI_CONTAINERID", "pod1");
        builder.environment().put("CNI_NETNS", pod.path().toString());
        builder.environment().put("CNI_IFNAME", "eth0");
        builder.environment().put("CNI_PATH", "/opt/cni/bin");
        builder.environment().put("CULVERT_RUN_DIR", run().toString());
        Process process = builder.start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(
                    "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}"
                            .getBytes(UTF_8));
        }
        String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(answer).contains("10.244.1.");
        assertThat(process.exitValue()).as(answer).isZero();
    }

    private ApiServer api(String peer) throws Exception {
        String number = peer.substring("node".length());
        String ip = "192.168.78." + number;
        ApiServer api =
                ApiServer.startWith(
                        node,
                        List.of(
                                ApiServer.node("node1", OWN_IP)
                                        .editSpec()
                                        .withPodCIDRs("10.244.1.0/24")
                                        .endSpec(),
                                ApiServer.node(peer, ip)
                                        .editSpec()
                                        .withPodCIDRs("10.244." + number + ".0/24")
                                        .endSpec()
                                        .editMetadata()
                                        .addToAnnotations(ApiServer.ANNOTATION, vtep(peer, ip))
                                        .endMetadata()));
        opened.add(api);
        return api;
    }

    private static String vtep(String name, String ip) {
        return "{\"ip\":\"%s\",\"mac\":\"%s\",\"vni\":1,\"port\":4789,\"protocols\":[\"vxlan\"]}"
                .formatted(ip, MacAddress.ofName(name));
    }

    private AgentProcess startAgent() throws Exception {
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
        Path config = directory.resolve("culvert.yaml");
        Files.writeString(config, "runDir: " + run() + "\nloops: 2\n");
        AgentProcess agent =
                AgentProcess.start(
                        node,
                        directory,
                        "agent",
                        "--config=" + config,
                        "--kubeconfig=" + kubeconfig,
                        "--node-name=node1");
        opened.add(agent);
        return agent;
    }

    private Path run() {
        return directory.resolve("run");
    }

    private Path peersFile() {
        return run().resolve("peers.json");
    }

    private List<String> routes() throws Exception {
        return rtnetlink.routes().stream()
                .filter(route -> route.protocol() == Route.PROTOCOL_CULVERT)
                .map(route -> route.destination().toString())
                .toList();
    }

    /** The value of a metric, named as in the text with its labels; 0 if it is not there. */
    private static double metric(AgentProcess agent, String name) throws Exception {
        return agent.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    private static void awaitReady(AgentProcess agent) {
        eventually(agent, () -> assertThat(agent.get("/readyz").body()).endsWith("\nready\n"));
    }

    private static void awaitWarning(AgentProcess agent, String sentence) {
        eventually(
                agent,
                () ->
                        assertThat(agent.report().warnings())
                                .anySatisfy(each -> assertThat(each).contains(sentence)));
    }

    private static void eventually(AgentProcess agent, ThrowingRunnable assertion) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(
                        () -> {
                            try {
                                assertion.run();
                            } catch (AssertionError e) {
                                throw new AssertionError(e.getMessage() + "\n" + agent.output(), e);
                            }
                        });
    }

    private static void print(String what, long begin) {
        System.out.println(
                String.format(
                        Locale.ROOT,
                        "  API away: %s after %d ms",
                        what,
                        (System.nanoTime() - begin) / 1_000_000));
    }
}
