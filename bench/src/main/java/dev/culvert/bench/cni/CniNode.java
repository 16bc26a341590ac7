package dev.culvert.bench.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A node for the measurement: a network namespace with an underlay interface and an agent, its
 * files in a folder of their own. {@link #close} from any thread, the rest by one.
 */
final class CniNode implements AutoCloseable {
    private static final String ADDRESS = "192.168.77.1";
    private static final String POD_CIDR = "10.99.0.0/20";
    private static final String NODE = "node1";
    private static final int API_PORT = 8080;
    private static final String API = "http://127.0.0.1:" + API_PORT;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final NetworkNamespace namespace;
    private final Path folder;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private CniNode(NetworkNamespace namespace, Path folder) {
        this.namespace = namespace;
        this.folder = folder;
    }

    /** Makes it; the agent is ready then. */
    static CniNode start(CniPlan plan) throws Exception {
        Path folder = Files.createTempDirectory("culvert-bench");
        CniNode node = new CniNode(NetworkNamespace.create(), folder);
        try {
            node.ip("link set lo up");
            node.ip("link add eth0 type veth peer name far0");
            node.ip("addr add " + ADDRESS + "/24 dev eth0");
            node.ip("link set eth0 up");
            node.ip("link set far0 up");
            node.startApi(plan);
            node.startAgent(plan);
            return node;
        } catch (Exception e) {
            node.close();
            throw e;
        }
    }

    private void ip(String arguments) throws Exception {
        int status = namespace.call(() -> run(("ip " + arguments).split(" ")));
        if (status != 0) {
            throw new IOException("ip " + arguments + " ended with status " + status);
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** The demo's API server, in memory, with one Node. */
    private void startApi(CniPlan plan) throws Exception {
        Process api =
                start(
                        "api.log",
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        plan.demoJar().toString(),
                        "dev.culvert.demo.api.ApiServerMain",
                        "127.0.0.1",
                        Integer.toString(API_PORT));
        await(api, "api.log", () -> answer(API + "/api/v1/nodes", "") == 200);
        int status =
                namespace.call(
                        () ->
                                answer(
                                        API + "/api/v1/nodes",
                                        """
                                        {"apiVersion":"v1","kind":"Node","metadata":{"name":"%1$s"},
                                         "spec":{"podCIDR":"%3$s","podCIDRs":["%3$s"]},
                                         "status":{"addresses":[{"type":"InternalIP","address":"%2$s"}]}}
                                        """
                                                .formatted(NODE, ADDRESS, POD_CIDR)));
        if (status / 100 != 2) {
            throw new IOException("the Node cannot be created: HTTP status " + status);
        }
    }

    private void startAgent(CniPlan plan) throws Exception {
        Path kubeconfig =
                Files.writeString(
                        folder.resolve("kubeconfig"),
                        """
                        apiVersion: v1
                        kind: Config
                        clusters: [{name: c, cluster: {server: "%s"}}]
                        contexts: [{name: c, context: {cluster: c, user: u}}]
                        users: [{name: u, user: {}}]
                        current-context: c
                        """
                                .formatted(API));
        Path config =
                Files.writeString(
                        folder.resolve("culvert.yaml"), "runDir: " + runDirectory() + "\n");
        Process agent =
                start(
                        "agent.log",
                        "-Xmx192m",
                        "-jar",
                        plan.agentJar().toString(),
                        "agent",
                        "--config=" + config,
                        "--kubeconfig=" + kubeconfig,
                        "--node-name=" + NODE);
        await(agent, "agent.log", () -> answer("http://127.0.0.1:9473/readyz", "") == 200);
    }

    /** On a thread that stays, for the process ends with the one that started it. */
    private Process start(String log, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("nsenter", "--net=" + namespace.path(), "--"));
        command.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:-UsePerfData"));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve(log).toFile())
                        .start();
        opened.push(() -> process.destroyForcibly().waitFor());
        return process;
    }

    private void await(Process process, String log, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!namespace.call(condition)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException(
                        "what writes %s does not become ready: %s"
                                .formatted(log, Files.readString(folder.resolve(log))));
            }
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
    }

    /** The status of a GET, or of a POST where there is a body; 0 when nothing answers. */
    private static int answer(String url, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        // A kept connection could be used again from another namespace.
        connection.setRequestProperty("Connection", "close");
        try {
            if (!body.isEmpty()) {
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/json");
                try (OutputStream out = connection.getOutputStream()) {
                    out.write(body.getBytes(UTF_8));
                }
            }
            return connection.getResponseCode();
        } catch (ConnectException _) {
            return 0;
        } finally {
            connection.disconnect();
        }
    }

    /** Where plugins are to run. */
    NetworkNamespace namespace() {
        return namespace;
    }

    /** The agent's. */
    Path runDirectory() {
        return folder.resolve("run");
    }

    /** The one that host-local keeps its addresses in. */
    Path addressDirectory() {
        return folder.resolve("addresses");
    }

    @Override
    public synchronized void close() throws IOException {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                System.err.println("Not everything was stopped: " + e);
            }
        }
        namespace.close();
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(each);
                }
            }
        }
    }
}
