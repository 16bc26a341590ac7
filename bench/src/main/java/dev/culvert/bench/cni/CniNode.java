package dev.culvert.bench.cni;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A node for the measurement: a network namespace with an underlay interface and an agent, its
 * files in a folder of their own. {@link #close} from any thread, the rest by one.
 */
final class CniNode implements AutoCloseable {
    private static final String ADDRESS = "192.168.77.1";
    private static final String POD_CIDR = "10.99.0.0/20";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

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
            node.opened.push(OneNodeApi.start(node.namespace, ADDRESS, POD_CIDR));
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
                                .formatted(OneNodeApi.URL));
        Path config =
                Files.writeString(
                        folder.resolve("culvert.yaml"), "runDir: " + runDirectory() + "\n");
        List<String> command =
                List.of(
                        "setpriv",
                        "--pdeathsig",
                        "KILL",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx192m",
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-jar",
                        plan.agentJar().toString(),
                        "agent",
                        "--config=" + config,
                        "--kubeconfig=" + kubeconfig,
                        "--node-name=" + OneNodeApi.NODE);
        Path log = folder.resolve("agent.log");
        // By a thread that stays: the process is to end with the one that started it.
        Process agent =
                new ProcessBuilder(enter(command))
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        opened.push(() -> agent.destroyForcibly().waitFor());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!isReady()) {
            if (!agent.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("the agent does not become ready: " + Files.readString(log));
            }
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
    }

    private List<String> enter(List<String> command) {
        return Stream.concat(
                        Stream.of("nsenter", "--net=" + namespace.path(), "--"), command.stream())
                .toList();
    }

    private boolean isReady() throws Exception {
        return namespace.call(
                () -> {
                    HttpURLConnection connection =
                            (HttpURLConnection)
                                    URI.create("http://127.0.0.1:9473/readyz")
                                            .toURL()
                                            .openConnection();
                    connection.setRequestProperty("Connection", "close");
                    try {
                        return connection.getResponseCode() == 200;
                    } catch (IOException _) {
                        return false;
                    } finally {
                        connection.disconnect();
                    }
                });
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
