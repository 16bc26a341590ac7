package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A node in a network namespace: its bridge, the real server of the agent, and the real executable
 * to call it. Calls may come from any thread; the rest belongs to the test's.
 */
final class CniTestNode implements AutoCloseable {
    static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");
    private static final Path EXECUTABLE =
            Path.of("..", "cni", "target", "culvert-cni").toAbsolutePath().normalize();

    /** How a run of the executable ended. */
    record Outcome(int status, String stdout) {
        JsonNode json() {
            return JsonMapper.builder().build().readTree(stdout);
        }

        int code() {
            return json().path("code").asInt();
        }

        void assertSuccess() {
            assertThat(status).as(stdout).isZero();
        }

        /** Whether it is an error with this code and words in it. */
        void assertRefused(int code, String words) {
            assertThat(status).as(stdout).isEqualTo(1);
            assertThat(code()).as(stdout).isEqualTo(code);
            assertThat(stdout).contains(words);
            assertThat(json().path("msg").asString()).startsWith("culvert: ");
        }
    }

    final TestNamespaces namespaces = TestNamespaces.assumePermitted();
    final Path run;
    final NetworkNamespace node;
    final KernelRtnetlink kernel;
    volatile @Nullable NodeNetwork network =
            new NodeNetwork("culvert0", List.of(RANGE, RANGE6), 1450, 62_202);
    CniService service;

    CniTestNode(Path run) throws Exception {
        assumeTrue(Files.isExecutable(EXECUTABLE), EXECUTABLE + " is missing: build module cni");
        this.run = run;
        node = namespaces.create();
        kernel = namespaces.rtnetlink(node);
        MacAddress mac = MacAddress.ofPod(NodeNetwork.gateway(RANGE));
        Link bridge = kernel.createBridge(new BridgeSpec("culvert0", mac, 1450));
        kernel.changeLink(bridge.index(), LinkChange.NONE.withUp(true));
        for (Cidr range : List.of(RANGE, RANGE6)) {
            kernel.ensureAddress(
                    Address.of(bridge.index(), NodeNetwork.gateway(range), range.prefixLength()));
        }
        service = startAgent();
    }

    private CniService startAgent() throws IOException {
        CniService started =
                new CniService(
                        run,
                        kernel,
                        new KernelSandboxes(),
                        new NodeReadiness(() -> network, () -> "the test says so"),
                        Set::of,
                        new SimpleMeterRegistry());
        started.start();
        return started;
    }

    void restartAgent() throws IOException {
        service.close();
        service = startAgent();
    }

    Path socket() {
        return run.resolve("cni.sock");
    }

    NetworkNamespace pod() throws Exception {
        return namespaces.create();
    }

    /** The variables of a call about the interface eth0. */
    static Map<String, String> variables(String verb, String container, String netns) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("CNI_COMMAND", verb);
        variables.put("CNI_CONTAINERID", container);
        variables.put("CNI_NETNS", netns);
        variables.put("CNI_IFNAME", "eth0");
        variables.put("CNI_ARGS", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + container);
        variables.put("CNI_PATH", "/opt/cni/bin");
        return variables;
    }

    Outcome add(String container, NetworkNamespace pod) throws Exception {
        return add(container, pod, InMemoryNode.configuration("1.1.0"));
    }

    Outcome add(String container, NetworkNamespace pod, ObjectNode configuration) throws Exception {
        return execute(variables("ADD", container, pod.path().toString()), configuration);
    }

    Outcome del(String container) throws Exception {
        return execute(variables("DEL", container, ""), InMemoryNode.configuration("1.1.0"));
    }

    Outcome check(String container, NetworkNamespace pod, JsonNode result) throws Exception {
        ObjectNode configuration =
                InMemoryNode.configuration(result.path("cniVersion").asString("1.1.0"));
        configuration.set("prevResult", result);
        return execute(variables("CHECK", container, pod.path().toString()), configuration);
    }

    Outcome execute(Map<String, String> variables, JsonNode stdin) throws Exception {
        return execute(variables, stdin.toString().getBytes(UTF_8));
    }

    Outcome execute(Map<String, String> variables, byte[] stdin) throws Exception {
        Process process = start(variables, stdin);
        try {
            String stdout = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Outcome(process.exitValue(), stdout);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The executable with this stdin: a file, since one that refuses early does not read it. */
    Process start(Map<String, String> variables, byte[] stdin) throws IOException {
        Path file = Files.createTempFile(run, "stdin", ".json");
        try {
            Files.write(file, stdin);
            ProcessBuilder builder = new ProcessBuilder(EXECUTABLE.toString());
            builder.redirectInput(file.toFile());
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().clear();
            builder.environment().putAll(variables);
            builder.environment().put("CULVERT_RUN_DIR", run.toString());
            return builder.start();
        } finally {
            Files.delete(file); // open in the executable by now
        }
    }

    /** The containers that have an attachment: by their leases, and checked against the kernel. */
    List<String> attached() throws IOException {
        assertThat(kernel.links())
                .filteredOn(each -> each.kind().equals("veth"))
                .extracting(Link::alias)
                .containsExactlyInAnyOrderElementsOf(
                        service.leases().stream().map(each -> each.alias()).toList());
        return service.leases().stream().map(each -> each.endpoint().containerId()).toList();
    }

    @Override
    public void close() {
        service.close();
        namespaces.close();
    }
}
