package dev.culvert.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.runtime.Containerd;
import dev.culvert.agent.runtime.NodeSnapshot;
import dev.culvert.agent.runtime.RuntimeClient;
import dev.culvert.agent.runtime.RuntimeClient.Pod;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The agent as it is deployed under Debian's containerd, called as a kubelet calls it. The property
 * {@code culvert.sandboxes} says how many sandboxes the largest test makes.
 */
final class ContainerdIT {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final String NODE_IP = "192.168.77.1";
    private static final String PEER_IP = "192.168.77.2";
    private static final int SANDBOXES = Integer.getInteger("culvert.sandboxes", 200);
    private static final int WORKERS = 8;

    @TempDir private Path directory;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private TestNamespaces namespaces;
    private NetworkNamespace node;
    private NetworkNamespace peer;
    private Containerd containerd;
    private RuntimeClient client;

    @SuppressWarnings("NullAway.Init") // each test starts it when it wants to
    private AgentProcess agent;

    @BeforeEach
    void startTheNode() throws Exception {
        Containerd.assumeInstalled();
        namespaces = TestNamespaces.assumePermitted().assumeTun();
        opened.add(namespaces);
        node = namespaces.create();
        peer = namespaces.create();
        namespaces.connect(node, "eth0", peer, "eth0");
        address(node, NODE_IP);
        address(peer, PEER_IP);
        ApiServer api = ApiServer.start(node);
        opened.add(api);
        api.create(
                ApiServer.node("node1", NODE_IP)
                        .editSpec()
                        .withPodCIDRs("10.244.0.0/22")
                        .endSpec());
        containerd = Containerd.start(node, directory);
        opened.add(containerd);
        client = containerd.client();
    }

    private void address(NetworkNamespace in, String address) throws Exception {
        KernelRtnetlink rtnetlink = namespaces.rtnetlink(in);
        int link = rtnetlink.link("eth0").orElseThrow().index();
        rtnetlink.ensureAddress(Address.of(link, IpAddresses.parse(address), 24));
    }

    @AfterEach
    void stopTheNode() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Path config(String more) throws Exception {
        return Files.writeString(
                directory.resolve("culvert.yaml"),
                """
                runDir: %s
                loops: 1
                cniConfDir: %s
                cniBinDir: %s
                cniExecutable: %s
                %s
                """
                        .formatted(
                                containerd.node().runDirectory(),
                                containerd.node().confDirectory(),
                                containerd.node().binDirectory(),
                                Path.of("..", "cni", "target", "culvert-cni")
                                        .toAbsolutePath()
                                        .normalize(),
                                more));
    }

    /** Without waiting: the runtime finds out by itself when it can attach pods. */
    private void startAgent(String settings) throws Exception {
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
        agent =
                AgentProcess.start(
                        node,
                        directory,
                        "agent",
                        "--config=" + config(settings),
                        "--kubeconfig=" + kubeconfig,
                        "--node-name=node1");
        opened.add(agent);
    }

    private void startAgentAndWait(String settings) throws Exception {
        startAgent(settings);
        eventually(() -> assertThat(client.isNetworkReady()).as(agent.output()).isTrue());
    }

    private static void eventually(ThrowingRunnable assertion) {
        await().atMost(LONG).pollInterval(Duration.ofMillis(100)).untilAsserted(assertion);
    }

    private void remove(String id) {
        client.stop(id);
        client.remove(id);
    }

    private boolean reaches(NetworkNamespace from, String address) throws Exception {
        return namespaces.run(from, "ping", "-c", "1", "-W", "5", address).status() == 0;
    }

    @Test
    void theRuntimeHasANetworkOnceTheAgentIsReadyAndNoneOnceItIsUninstalled() throws Exception {
        assertThat(client.isNetworkReady()).isFalse();
        startAgentAndWait("");
        String id = client.run(Pod.named("web"));
        assertThat(client.address(id)).startsWith("10.244.0.");
        assertThat(reaches(node, client.address(id))).isTrue();

        assertThat(uninstall()).contains("nothing is removed, since the agent runs");
        agent.terminate();
        assertThat(client.isNetworkReady()).as("while the agent is away").isTrue();
        remove(id);
        assertThat(client.list()).isEmpty();
        assertThat(uninstall())
                .contains("removed " + containerd.node().confDirectory())
                .contains("removed " + containerd.node().binDirectory());
        eventually(() -> assertThat(client.isNetworkReady()).isFalse());
    }

    private String uninstall() throws Exception {
        try (AgentProcess command =
                AgentProcess.start(
                        node, directory, "uninstall", "--config=" + directory + "/culvert.yaml")) {
            command.exitStatus();
            return command.output();
        }
    }

    @Test
    void leavesNothingBehindWhateverIsKilledMeanwhile() throws Exception {
        startAgentAndWait("");
        remove(client.run(Pod.named("first")));
        NodeSnapshot before = NodeSnapshot.take(containerd.node());
        long start = System.nanoTime();
        AtomicInteger done = new AtomicInteger();
        try (ExecutorService kubelet = Executors.newFixedThreadPool(WORKERS)) {
            List<Future<?>> pods = new ArrayList<>();
            for (int i = 0; i < SANDBOXES; i++) {
                int number = i;
                pods.add(
                        kubelet.submit(
                                () -> {
                                    live(number);
                                    done.incrementAndGet();
                                    return "";
                                }));
            }
            awaitDone(done, SANDBOXES / 4);
            agent.close();
            startAgent("");
            awaitDone(done, SANDBOXES / 2);
            containerd.kill();
            containerd.restart();
            awaitDone(done, SANDBOXES * 3 / 4);
            agent.terminate();
            startAgent("");
            for (Future<?> each : pods) {
                each.get();
            }
        }
        for (String id : client.list()) {
            removeInTheEnd(id);
        }
        System.out.printf(
                "%d sandboxes came and went in %.1f s%n",
                SANDBOXES, (System.nanoTime() - start) / 1e9);
        forgetLostNamespaces();
        eventually(
                () ->
                        assertThat(NodeSnapshot.take(containerd.node()).lines())
                                .as(agent.output())
                                .isEqualTo(before.lines()));
        eventually(() -> assertThat(agent.report().leases()).isEmpty());
    }

    private static void awaitDone(AtomicInteger done, int count) {
        await().atMost(Duration.ofMinutes(5)).until(() -> done.get() >= count);
    }

    /** One pod's life, of one of five kinds. */
    private void live(int number) throws Exception {
        switch (number % 5) {
            case 0 -> giveUp(number);
            case 1 -> {
                String id = run(number);
                String netns = persistently(() -> client.netns(id));
                loseNamespace(netns);
                removeInTheEnd(id);
            }
            case 2 -> {
                String id = run(number);
                String address = persistently(() -> client.address(id));
                persistently(() -> containerd.ctr("task", "kill", "--signal", "9", id));
                assertThat(address).startsWith("10.244.");
                removeInTheEnd(id);
            }
            default -> removeInTheEnd(run(number));
        }
    }

    /** The kubelet loses its patience somewhere in the middle, and does not ask for the id. */
    private void giveUp(int number) {
        try {
            long millis = ThreadLocalRandom.current().nextLong(5, 600);
            client.run(Pod.named("given-up-" + number), Duration.ofMillis(millis));
        } catch (StatusRuntimeException _) {
            // as intended
        }
    }

    private String run(int number) {
        AtomicInteger attempt = new AtomicInteger();
        return persistently(
                () -> client.run(Pod.named("pod-" + number + "-" + attempt.incrementAndGet())));
    }

    private void removeInTheEnd(String id) {
        persistently(
                () -> {
                    remove(id);
                    return id;
                });
    }

    /** As a kubelet, which tries again whatever the runtime says, or if it is away. */
    private static <T> T persistently(Callable<T> call) {
        return await().atMost(LONG)
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptionsMatching(
                        e -> e instanceof StatusRuntimeException || e instanceof IOException)
                .until(call, Objects::nonNull);
    }

    /** A runtime that is killed while it starts a sandbox forgets its namespace until the boot. */
    private void forgetLostNamespaces() throws Exception {
        for (String path : containerd.namespaces()) {
            System.out.println("the runtime has lost " + path);
            loseNamespace(path);
        }
    }

    private void loseNamespace(String path) throws Exception {
        containerd.node().run("sh", "-ec", "umount \"$0\" && rm \"$0\"", path);
    }

    @Test
    void pluginsThatFollowWorkWithTheResult() throws Exception {
        startAgentAndWait("cniChained: [portmap, tuning, bandwidth]");
        remove(client.run(chained("first")));
        NodeSnapshot before = NodeSnapshot.take(containerd.node());
        String id = client.run(chained("web"));
        String path = client.netns(id);
        try (NetworkNamespace pod = NetworkNamespace.open(containerd.node().file(path));
                ServerSocketChannel server = pod.call(ServerSocketChannel::open)) {
            server.bind(new InetSocketAddress(80));
            assertThat(greeted(server)).isEqualTo("hello");
        }
        assertThat(namespaces.check(node, "tc", "qdisc", "show"))
                .containsPattern("qdisc tbf .* dev cv[0-9a-f]{11} .*rate 10Mbit");
        remove(id);
        eventually(
                () ->
                        assertThat(NodeSnapshot.take(containerd.node()).lines())
                                .isEqualTo(before.lines()));
    }

    private static Pod chained(String name) {
        return new Pod(name, Map.of("kubernetes.io/ingress-bandwidth", "10M"), Map.of(18080, 80));
    }

    /** What a client elsewhere gets that connects to the node's port. */
    private String greeted(ServerSocketChannel server) throws Exception {
        Thread pod =
                Thread.ofPlatform()
                        .daemon()
                        .start(
                                () -> {
                                    try (SocketChannel connection = server.accept()) {
                                        connection.write(ByteBuffer.wrap("hello".getBytes(UTF_8)));
                                    } catch (IOException e) {
                                        throw new UncheckedIOException(e);
                                    }
                                });
        try {
            return peer.call(
                    () -> {
                        try (Socket socket = new Socket()) {
                            socket.setSoTimeout(30_000);
                            socket.connect(new InetSocketAddress(NODE_IP, 18080), 30_000);
                            return new String(socket.getInputStream().readAllBytes(), UTF_8);
                        }
                    });
        } finally {
            pod.interrupt();
            pod.join();
        }
    }

    @Test
    void servesContainersThatAreStartedByHand() throws Exception {
        startAgentAndWait("");
        remove(client.run(Pod.named("first")));
        NodeSnapshot before = NodeSnapshot.take(containerd.node());
        containerd.ctr(run("short", "/pause", "exit"));
        eventually(
                () ->
                        assertThat(NodeSnapshot.take(containerd.node()).lines())
                                .isEqualTo(before.lines()));
        Thread container = Thread.ofPlatform().daemon().start(() -> runUntilItIsKilled("long"));
        eventually(() -> assertThat(agent.report().leases()).hasSize(1));
        String address = agent.report().leases().getFirst().addresses().getFirst();
        assertThat(reaches(node, address)).isTrue();
        containerd.ctr("task", "kill", "--signal", "9", "long");
        container.join();
        eventually(
                () ->
                        assertThat(NodeSnapshot.take(containerd.node()).lines())
                                .isEqualTo(before.lines()));
    }

    private static String[] run(String name, String... command) {
        List<String> words = new ArrayList<>(List.of("run", "--rm", "--cni"));
        words.addAll(List.of("--cpu-shares", "0")); // there may be no controller for them
        words.addAll(List.of("--snapshotter", "native", Containerd.image(), name));
        words.addAll(List.of(command));
        return words.toArray(String[]::new);
    }

    /** It ends with the status of what was killed. */
    private void runUntilItIsKilled(String name) {
        try {
            containerd.ctr(run(name));
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("ended with 137");
        }
    }
}
