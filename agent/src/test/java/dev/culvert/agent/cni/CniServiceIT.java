package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The real executable, the real server, real namespaces. */
final class CniServiceIT {
    private static final Path EXECUTABLE =
            Path.of("..", "cni", "target", "culvert-cni").toAbsolutePath().normalize();
    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");

    private static final int GSO_MAX_SIZE = 62_202;

    @TempDir Path run;

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private @Nullable NodeNetwork network =
            new NodeNetwork("culvert0", List.of(RANGE, RANGE6), 1450, GSO_MAX_SIZE);
    private Rtnetlink node;
    private CniService service;

    /** How a run of the executable ended. */
    private record Outcome(int status, String stdout) {
        JsonNode json() {
            return JsonMapper.builder().build().readTree(stdout);
        }

        int code() {
            return json().path("code").asInt();
        }
    }

    @BeforeEach
    void startANode() throws Exception {
        assumeTrue(Files.isExecutable(EXECUTABLE), EXECUTABLE + " is missing: build module cni");
        NetworkNamespace namespace = sandbox();
        node = namespace.call(KernelRtnetlink::open);
        opened.add(node);
        MacAddress mac = MacAddress.ofPod(NodeNetwork.gateway(RANGE));
        Link bridge = node.createBridge(new BridgeSpec("culvert0", mac, 1450));
        node.changeLink(bridge.index(), LinkChange.NONE.withUp(true));
        for (Cidr range : List.of(RANGE, RANGE6)) {
            node.ensureAddress(
                    Address.of(bridge.index(), NodeNetwork.gateway(range), range.prefixLength()));
        }
        startAgent();
    }

    private void startAgent() throws IOException {
        service =
                new CniService(
                        run,
                        node,
                        new KernelSandboxes(),
                        new NodeReadiness(() -> network, () -> "the test says so"),
                        Set::of,
                        metrics);
        service.start();
    }

    @AfterEach
    void closeAll() throws Exception {
        if (service != null) {
            service.close();
        }
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private NetworkNamespace sandbox() {
        try {
            NetworkNamespace namespace = NetworkNamespace.create();
            opened.add(namespace);
            return namespace;
        } catch (LinuxException e) {
            assumeTrue(false, "network namespaces cannot be made here: " + e.getMessage());
            throw new AssertionError(e);
        }
    }

    private Outcome call(String verb, String container, String netns, String version)
            throws Exception {
        Map<String, String> variables = new TreeMap<>();
        variables.put("CNI_COMMAND", verb);
        variables.put("CNI_CONTAINERID", container);
        variables.put("CNI_NETNS", netns);
        variables.put("CNI_IFNAME", "eth0");
        variables.put("CNI_ARGS", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + container);
        variables.put("CNI_PATH", "/opt/cni/bin");
        return execute(
                variables,
                "{\"cniVersion\":\"%s\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}"
                        .formatted(version));
    }

    private Outcome execute(Map<String, String> variables, String stdin) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(EXECUTABLE.toString());
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(variables);
        builder.environment().put("CULVERT_RUN_DIR", run.toString());
        Process process = builder.start();
        try (var to = process.getOutputStream()) {
            to.write(stdin.getBytes(UTF_8));
        }
        String stdout = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), stdout);
    }

    private Outcome add(String container, NetworkNamespace pod) throws Exception {
        return call("ADD", container, pod.path().toString(), "1.1.0");
    }

    private Outcome del(String container) throws Exception {
        return call("DEL", container, "", "1.1.0");
    }

    private void assertNothingIsAttached() throws IOException {
        assertThat(node.links()).extracting(Link::kind).doesNotContain("veth");
        assertThat(service.leases()).isEmpty();
    }

    private static boolean pings(NetworkNamespace from, String address) throws Exception {
        return from.call(
                () ->
                        new ProcessBuilder("ping", "-c", "1", "-W", "5", address)
                                        .redirectErrorStream(true)
                                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                                        .start()
                                        .waitFor()
                                == 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"})
    void attachesAndDetachesInEveryVersion(String version) throws Exception {
        NetworkNamespace pod = sandbox();
        String path = pod.path().toString();
        Outcome added = call("ADD", "web", path, version);
        assertThat(added.status()).as(added.stdout()).isZero();
        JsonNode result = added.json();
        assertThat(result.path("cniVersion").asString()).isEqualTo(version);
        assertThat(result.path("ips").path(0).path("address").asString())
                .isEqualTo("10.244.1.2/24");
        assertThat(result.path("interfaces").path(2).path("sandbox").asString()).isEqualTo(path);
        Link host =
                node.link(result.path("interfaces").path(1).path("name").asString()).orElseThrow();
        assertThat(host.alias()).startsWith("culvert:v1 web eth0 10.244.1.2,");
        assertThat(host.mac())
                .hasToString(result.path("interfaces").path(1).path("mac").asString());
        assertThat(pings(pod, "10.244.1.1")).isTrue();
        assertThat(pings(pod, "fd00:1::1")).isTrue();
        Outcome deleted = call("DEL", "web", path, version);
        assertThat(deleted).isEqualTo(new Outcome(0, ""));
        assertThat(call("DEL", "web", path, version)).isEqualTo(new Outcome(0, ""));
        assertNothingIsAttached();
    }

    @Test
    void limitsThePodsSuperPackets() throws Exception {
        NetworkNamespace pod = sandbox();
        assertThat(add("web", pod).status()).isZero();
        Process ip =
                pod.call(
                        () ->
                                new ProcessBuilder("ip", "-d", "link", "show", "dev", "eth0")
                                        .start());
        assertThat(new String(ip.getInputStream().readAllBytes(), UTF_8))
                .contains("gso_max_size " + GSO_MAX_SIZE + " ");
    }

    @Test
    void podsOfTheNodeReachEachOther() throws Exception {
        NetworkNamespace one = sandbox();
        assertThat(add("one", one).status()).isZero();
        assertThat(add("two", sandbox()).status()).isZero();
        assertThat(pings(one, "10.244.1.3")).isTrue();
        assertThat(pings(one, "10.244.1.2")).isTrue();
    }

    @Test
    void tellsItsVersions() throws Exception {
        for (String version : CniVersion.texts()) {
            JsonNode json = call("VERSION", "", "", version).json();
            assertThat(json.path("cniVersion").asString()).isEqualTo(version);
            assertThat(json.path("supportedVersions").toString())
                    .isEqualTo("[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]");
        }
    }

    @Test
    void servesManyAddsAndDelsAtOnce() throws Exception {
        int pods = 50;
        List<Callable<Outcome>> adds = new ArrayList<>();
        List<Callable<Outcome>> dels = new ArrayList<>();
        for (int i = 0; i < pods; i++) {
            NetworkNamespace pod = sandbox();
            String container = "pod" + i;
            adds.add(() -> add(container, pod));
            dels.add(() -> call("DEL", container, pod.path().toString(), "1.1.0"));
        }
        try (ExecutorService runtime = Executors.newFixedThreadPool(pods)) {
            Set<String> addresses = new HashSet<>();
            for (Future<Outcome> each : runtime.invokeAll(adds)) {
                Outcome outcome = each.get();
                assertThat(outcome.status()).as(outcome.stdout()).isZero();
                addresses.add(outcome.json().path("ips").path(0).path("address").asString());
            }
            assertThat(addresses).hasSize(pods);
            assertThat(service.leases()).hasSize(pods);
            for (Future<Outcome> each : runtime.invokeAll(dels)) {
                assertThat(each.get()).isEqualTo(new Outcome(0, ""));
            }
        }
        assertNothingIsAttached();
        assertThat(run.resolve("leases")).isEmptyDirectory();
    }

    @Test
    void keepsTheFirstAttachmentWhenAddComesTwice() throws Exception {
        NetworkNamespace pod = sandbox();
        assertThat(add("web", pod).status()).isZero();
        Outcome second = add("web", pod);
        assertThat(second.status()).isEqualTo(1);
        assertThat(second.code()).isEqualTo(101);
        assertThat(pings(pod, "10.244.1.1")).isTrue();
        assertThat(service.leases()).hasSize(1);
    }

    @Test
    void attachesASecondInterfaceToTheSameContainer() throws Exception {
        NetworkNamespace pod = sandbox();
        assertThat(add("web", pod).status()).isZero();
        Map<String, String> variables = new TreeMap<>();
        variables.put("CNI_COMMAND", "ADD");
        variables.put("CNI_CONTAINERID", "web");
        variables.put("CNI_NETNS", pod.path().toString());
        variables.put("CNI_IFNAME", "net1");
        Outcome outcome = execute(variables, "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\"}");
        assertThat(outcome.status()).as(outcome.stdout()).isZero();
        assertThat(service.leases()).hasSize(2);
        variables.put("CNI_COMMAND", "DEL");
        assertThat(execute(variables, "{}").status()).isZero();
        assertThat(pings(pod, "10.244.1.1")).isTrue();
    }

    @Test
    void deletesWhenTheNamespaceIsGone() throws Exception {
        NetworkNamespace pod = sandbox();
        String path = pod.path().toString();
        assertThat(add("web", pod).status()).isZero();
        pod.close();
        assertThat(call("DEL", "web", path, "1.1.0")).isEqualTo(new Outcome(0, ""));
        assertNothingIsAttached();
    }

    @Test
    void saysWhatIsWrongWithTheNamespace() throws Exception {
        Outcome missing = call("ADD", "web", "/nowhere/netns", "1.0.0");
        assertThat(missing.code()).isEqualTo(4);
        assertThat(missing.stdout()).contains("/nowhere/netns").contains("ENOENT");
        Outcome noNamespace = call("ADD", "web", "/dev/null", "1.0.0");
        assertThat(noNamespace.code()).isEqualTo(4);
        Outcome own = call("ADD", "web", "/proc/self/ns/net", "1.0.0");
        assertThat(own.code()).isEqualTo(4);
        assertThat(own.stdout()).contains("the node's own network namespace");
        assertNothingIsAttached();
    }

    @Test
    void answersForAnAgentThatIsNotReady() throws Exception {
        network = null;
        Outcome add = add("web", sandbox());
        assertThat(add.code()).isEqualTo(11);
        assertThat(add.stdout()).contains("the test says so");
        assertThat(call("STATUS", "", "", "1.1.0").code()).isEqualTo(50);
        assertThat(del("web").status()).isZero();
        network = new NodeNetwork("culvert0", List.of(RANGE), 1450, GSO_MAX_SIZE);
        assertThat(call("STATUS", "", "", "1.1.0")).isEqualTo(new Outcome(0, ""));
    }

    @Test
    void carriesOutTheDelsThatCameWhileTheAgentWasAway() throws Exception {
        NetworkNamespace pod = sandbox();
        assertThat(add("web", pod).status()).isZero();
        assertThat(add("stays", sandbox()).status()).isZero();
        service.close();
        assertThat(add("late", sandbox()).code()).isEqualTo(11);
        assertThat(call("CHECK", "web", "", "1.1.0").code()).isEqualTo(11);
        assertThat(call("STATUS", "", "", "1.1.0").code()).isEqualTo(50);
        assertThat(call("VERSION", "", "", "1.1.0").status()).isZero();
        assertThat(del("web")).isEqualTo(new Outcome(0, ""));
        Files.writeString(run.resolve("deletes/x.del"), "nonsense");
        startAgent();
        assertThat(service.leases())
                .extracting(lease -> lease.endpoint().containerId())
                .containsExactly("stays");
        try (var files = Files.list(run.resolve("deletes"))) {
            assertThat(files)
                    .extracting(file -> file.getFileName().toString())
                    .containsExactly("x.del.bad");
        }
    }

    @Test
    void removesWhatAKilledAgentLeftWithoutAlias() throws Exception {
        assertThat(add("web", sandbox()).status()).isZero();
        Link host =
                node.links().stream().filter(each -> each.kind().equals("veth")).findFirst().get();
        node.changeLink(host.index(), LinkChange.NONE.withAlias(""));
        service.close();
        startAgent();
        assertNothingIsAttached();
    }

    @Test
    void countsCallsAndAddresses() throws Exception {
        assertThat(add("web", sandbox()).status()).isZero();
        assertThat(add("web", sandbox()).status()).isEqualTo(1);
        assertThat(metrics.get("culvert.cni.requests").tag("result", "success").timer().count())
                .isEqualTo(1);
        assertThat(metrics.get("culvert.cni.requests").tag("result", "code_101").timer().count())
                .isEqualTo(1);
        assertThat(metrics.get("culvert.ipam.addresses").tag("state", "used").gauge().value())
                .isEqualTo(2);
    }
}
