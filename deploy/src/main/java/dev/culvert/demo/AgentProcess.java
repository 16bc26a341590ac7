package dev.culvert.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** The agent of one node: the same jar and command line as the DaemonSet's. The main thread. */
final class AgentProcess {
    static final int HEALTH_PORT = 9473;
    private static final String CONFIG = "/run/demo/culvert.yaml";
    private static final String KUBECONFIG = "/run/demo/kubeconfig";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final NodeHolder node;
    private final LoggedProcess process;
    private final HttpExchange health;
    private final Path jar;
    private final long startNanos = System.nanoTime();

    private AgentProcess(NodeHolder node, LoggedProcess process, HttpExchange health, Path jar) {
        this.node = node;
        this.process = process;
        this.health = health;
        this.jar = jar;
    }

    static AgentProcess start(
            NodeHolder node, ChildProcesses children, Plan plan, String kubeconfig)
            throws DemoException {
        node.write(CONFIG, config());
        node.write(KUBECONFIG, kubeconfig);
        List<String> command = new ArrayList<>(java(plan.agentJar(), "-Xmx192m"));
        command.addAll(List.of("agent", "--config", CONFIG, "--kubeconfig", KUBECONFIG));
        command.addAll(List.of("--node-name", node.name()));
        Path log = plan.logs().resolve(node.name() + ".log");
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), HEALTH_PORT);
        return new AgentProcess(
                node,
                LoggedProcess.start(node, children, log, command),
                new HttpExchange(node.sockets(), address, ""),
                plan.agentJar());
    }

    private static List<String> java(Path jar, String heap) {
        return List.of(
                KubernetesApi.javaExecutable(),
                heap,
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-jar",
                jar.toString());
    }

    /** The content of the ConfigMap's culvert.yaml. */
    private static String config() {
        return "clusterCidrs: [" + Plan.CLUSTER_CIDR + "]\nhttpAddress: 0.0.0.0\n";
    }

    /** Whether /readyz answers 200 now. */
    boolean isReady() {
        try {
            return health.get("/readyz").status() == 200;
        } catch (IOException _) {
            return false;
        }
    }

    /** Waits for the agent to be ready and returns the seconds since its start. */
    double awaitReady(Duration limit) throws DemoException, InterruptedException {
        await(limit, this::isReady, "does not become ready");
        return (System.nanoTime() - startNanos) / 1e9;
    }

    /** Waits until it sends to so many other nodes: each tells its own endpoint when it can. */
    void awaitPeers(int count, Duration limit) throws DemoException, InterruptedException {
        String metric = "\nculvert_overlay_fdb_entries %d.0\n".formatted(count);
        await(limit, () -> metrics().contains(metric), "does not find all other nodes");
    }

    /** What it answers under /metrics; empty if it does not. */
    String metrics() {
        try {
            return health.get("/metrics").body();
        } catch (IOException _) {
            return "";
        }
    }

    private void await(Duration limit, BooleanSupplier condition, String complaint)
            throws DemoException, InterruptedException {
        boolean done = Await.until(limit, () -> !process.isAlive() || condition.getAsBoolean());
        if (!done || !process.isAlive()) {
            throw new DemoException(
                    "the agent of %s %s. Its log %s ends with:\n%s"
                            .formatted(
                                    node.name(),
                                    done ? "ended" : complaint,
                                    process.log(),
                                    process.tail()));
        }
    }

    /** What the command line prints for this agent, for example its peers. */
    String cli(String verb) throws DemoException {
        List<String> words = new ArrayList<>(java(jar, "-Xmx64m"));
        words.add(verb);
        return node.command(words.toArray(String[]::new)).output();
    }

    String name() {
        return node.name();
    }

    /** The end of its log. */
    String logTail() {
        return process.tail();
    }

    /** Stops it as the kubelet does and returns its exit status, or -1 if it does not end. */
    int stop() throws InterruptedException {
        return process.terminate(STOP_LIMIT);
    }
}
