package dev.culvert.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.json.JsonMapper;

/**
 * A node of a test that runs the agent as a process: {@code node1} with 192.168.77.1 and
 * 10.244.1.0/24, or fd00:77::1 and fd00:244:1::/64, a Kubernetes API on its loopback, and pods
 * attached through the CNI executable. Its {@code eth0} leads to {@link #neighbour}. One thread;
 * close ends everything.
 */
final class TestAgentNode implements AutoCloseable {
    static final String NAME = "node1";
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Path EXECUTABLE =
            Path.of("..", "cni", "target", "culvert-cni").toAbsolutePath().normalize();

    private final TestNamespaces namespaces;
    private final Path directory;
    private final IpFamily family;
    private final NetworkNamespace node;
    private final NetworkNamespace neighbour;
    private final ApiServer api;
    private final List<AgentProcess> agents = new ArrayList<>();

    private TestAgentNode(
            TestNamespaces namespaces,
            Path directory,
            IpFamily family,
            NetworkNamespace node,
            NetworkNamespace neighbour,
            ApiServer api) {
        this.namespaces = namespaces;
        this.directory = directory;
        this.family = family;
        this.node = node;
        this.neighbour = neighbour;
        this.api = api;
    }

    /** Makes the node, its Node object and the API, but starts no agent yet. */
    static TestAgentNode create(TestNamespaces namespaces, Path directory, IpFamily family)
            throws Exception {
        NetworkNamespace node = namespaces.create();
        NetworkNamespace neighbour = namespaces.create();
        namespaces.connect(node, "eth0", neighbour, "eth0");
        TestAgentNode result =
                new TestAgentNode(
                        namespaces, directory, family, node, neighbour, ApiServer.start(node));
        result.ip(
                node,
                "addr add %s dev eth0"
                        .formatted(result.ip() + (result.v4() ? "/24" : "/64 nodad")));
        result.createNodeObject();
        return result;
    }

    void createNodeObject() throws Exception {
        String cidr = v4() ? "10.244.1.0/24" : "fd00:244:1::/64";
        api.create(
                ApiServer.node(NAME, ip())
                        .editSpec()
                        .withPodCIDR(cidr)
                        .withPodCIDRs(cidr)
                        .endSpec());
    }

    /** Starts the agent and waits until it is ready. */
    AgentProcess startAgent(String settings) throws Exception {
        AgentProcess agent = launchAgent(settings);
        awaitReady(agent);
        return agent;
    }

    void awaitReady(AgentProcess agent) {
        eventually(() -> assertThat(agent.get("/readyz").body()).endsWith("\nready\n"));
    }

    /** Starts the agent. */
    AgentProcess launchAgent(String settings) throws Exception {
        Path kubeconfig =
                Files.writeString(
                        directory.resolve("kubeconfig"),
                        """
                        apiVersion: v1
                        kind: Config
                        clusters: [{name: c, cluster: {server: "%s"}}]
                        contexts: [{name: c, context: {cluster: c, user: u}}]
                        users: [{name: u, user: {}}]
                        current-context: c
                        """
                                .formatted(ApiServer.URL));
        Path config =
                Files.writeString(
                        Files.createTempFile(directory, "culvert", ".yaml"),
                        "runDir: " + directory.resolve("run") + "\nloops: 1\n" + settings);
        AgentProcess agent =
                AgentProcess.start(
                        node,
                        directory,
                        "agent",
                        "--config=" + config,
                        "--kubeconfig=" + kubeconfig,
                        "--node-name=" + NAME);
        agents.add(agent);
        return agent;
    }

    /** Attaches a new pod, which becomes the container {@code name}. */
    NetworkNamespace addPod(String name) throws Exception {
        return addPod(name, namespaces.create());
    }

    /** Attaches a namespace as a pod, which becomes the container {@code name}. */
    NetworkNamespace addPod(String name, NetworkNamespace pod) throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(EXECUTABLE), EXECUTABLE + " is missing: build module cni");
        ProcessBuilder builder = new ProcessBuilder(EXECUTABLE.toString());
        builder.environment().clear();
        builder.environment()
                .putAll(
                        Map.of(
                                "CNI_COMMAND",
                                "ADD",
                                "CNI_CONTAINERID",
                                name,
                                "CNI_NETNS",
                                pod.path().toString(),
                                "CNI_IFNAME",
                                "eth0",
                                "CNI_ARGS",
                                "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + name,
                                "CNI_PATH",
                                "/opt/cni/bin",
                                "CULVERT_RUN_DIR",
                                directory.resolve("run").toString()));
        Process process = builder.redirectErrorStream(true).start();
        try (var to = process.getOutputStream()) {
            to.write(
                    "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}"
                            .getBytes(UTF_8));
        }
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return pod;
    }

    /** The first address that a pod has here. */
    InetAddress podAddress() {
        return IpAddresses.parse(v4() ? "10.244.1.2" : "fd00:244:1::2");
    }

    /** Fails unless an answer comes, again and again for a while. */
    void ping(NetworkNamespace from, String address) {
        eventually(() -> namespaces.check(from, "ping", "-c1", "-W2", address));
    }

    /** What {@code ip -j} says in a namespace. */
    String ip(NetworkNamespace where, String arguments) throws Exception {
        String line = "ip " + (v4() ? "" : "-6 ") + arguments;
        return namespaces.check(where, line.strip().split("\\s+"));
    }

    /** The MTU of a link. */
    int mtu(NetworkNamespace where, String link) throws Exception {
        String json = namespaces.check(where, "ip", "-j", "link", "show", "dev", link);
        return new JsonMapper().readTree(json).path(0).path("mtu").asInt();
    }

    String ip() {
        return v4() ? "192.168.77.1" : "fd00:77::1";
    }

    NetworkNamespace node() {
        return node;
    }

    NetworkNamespace neighbour() {
        return neighbour;
    }

    ApiServer api() {
        return api;
    }

    private boolean v4() {
        return family == IpFamily.IPV4;
    }

    /** Waits for it; a failure shows what the agents said. */
    void eventually(ThrowingRunnable assertion) {
        try {
            await().atMost(LONG).pollInterval(Duration.ofMillis(200)).untilAsserted(assertion);
        } catch (RuntimeException | AssertionError e) {
            StringBuilder said = new StringBuilder(String.valueOf(e.getMessage()));
            for (AgentProcess agent : agents) {
                try {
                    said.append("\n").append(agent.output());
                } catch (IOException unreadable) {
                    e.addSuppressed(unreadable);
                }
            }
            throw new AssertionError(said.toString(), e);
        }
    }

    @Override
    public void close() {
        agents.forEach(AgentProcess::close);
        api.close();
    }
}
