package dev.culvert.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** The agent of one node, with the command line that the DaemonSet gives it. The main thread. */
final class AgentProcess {
    static final int HEALTH_PORT = 9473;
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final NodeHolder node;
    private final AgentProgram program;
    private final LoggedProcess process;
    private final HttpExchange health;
    private final Path logs;
    private final long startNanos = System.nanoTime();

    private AgentProcess(
            NodeHolder node,
            AgentProgram program,
            LoggedProcess process,
            HttpExchange health,
            Path logs) {
        this.node = node;
        this.program = program;
        this.process = process;
        this.health = health;
        this.logs = logs;
    }

    static AgentProcess start(NodeHolder node, AgentProgram program, Path logs, ApiAccess api)
            throws DemoException {
        Path log = logs.resolve(node.name() + ".log");
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), HEALTH_PORT);
        return new AgentProcess(
                node,
                program,
                program.start(node, config(), api, log),
                new HttpExchange(node.sockets(), address, ""),
                logs);
    }

    /** The content of the ConfigMap's culvert.yaml. */
    private static String config() {
        return "clusterCidrs: [" + Plan.CLUSTER_CIDR + "]\nhttpAddress: 0.0.0.0\n";
    }

    /** Starts it again, after it was stopped. */
    AgentProcess again(ApiAccess api) throws DemoException {
        return start(node, program, logs, api);
    }

    /** Leaves it alone for a while, which it has to survive. */
    void requireIdle(Duration time) throws DemoException, InterruptedException {
        if (process.awaitEnd(time) != -1) {
            throw new DemoException("the agent of %s ended:\n%s".formatted(name(), logTail()));
        }
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

    /** Waits until a container runtime could attach pods, as one does. */
    void awaitCni(Duration limit) throws DemoException, InterruptedException {
        Path executable = program.cniExecutable(node);
        await(limit, () -> Files.isExecutable(executable), "installs no " + executable);
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
        return program.command(node, verb).output();
    }

    String name() {
        return node.name();
    }

    /** The end of its log. */
    String logTail() {
        return process.tail();
    }

    /** Stops it as the kubelet does and returns its exit status, or -1 if it does not end. */
    int stop() throws DemoException, InterruptedException {
        return program.stop(node, process, STOP_LIMIT);
    }
}
