package dev.culvert.bench.scale;

import dev.culvert.bench.path.MachineFiles;
import dev.culvert.bench.path.Processes;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The agent as a process of its own: its jar, with the options that the plan has. One thread. */
final class AgentUnderTest implements AutoCloseable {
    private static final String BASE = "http://127.0.0.1:9473";
    private static final double MIB = 1024 * 1024;

    private final ScaleNode node;
    private final Path directory;
    private final Process process;
    private final long startedAt;

    private AgentUnderTest(ScaleNode node, Path directory, Process process, long startedAt) {
        this.node = node;
        this.directory = directory;
        this.process = process;
        this.startedAt = startedAt;
    }

    /**
     * Starts it.
     *
     * @param directory for its files; must be empty
     * @param kubeconfig what it shall say
     */
    static AgentUnderTest start(
            Processes processes, ScaleNode node, ScalePlan plan, Path directory, String kubeconfig)
            throws IOException {
        Path access = Files.writeString(directory.resolve("kubeconfig"), kubeconfig);
        Path settings =
                Files.writeString(
                        directory.resolve("culvert.yaml"),
                        "runDir: %s\n%s"
                                .formatted(
                                        directory.resolve("run"),
                                        plan.clusterCidrs()
                                                ? "clusterCidrs: ["
                                                        + SimulatedCluster.POD_RANGE
                                                        + "]\n"
                                                : ""));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(plan.jvmOptions());
        command.add("-Xlog:gc:file=" + directory.resolve("gc.log") + "::filecount=0");
        command.addAll(List.of("-jar", plan.agent().toAbsolutePath().toString(), "agent"));
        command.addAll(List.of("--config", settings.toString()));
        command.addAll(List.of("--kubeconfig", access.toString()));
        command.addAll(List.of("--node-name", SimulatedCluster.OWN_NAME));
        long now = System.nanoTime();
        Process process = processes.startQuietly(node.node(), command);
        AgentUnderTest agent = new AgentUnderTest(node, directory, process, now);
        Thread.ofVirtual().start(agent::keepOutput);
        return agent;
    }

    private void keepOutput() {
        try (InputStream in = process.getInputStream()) {
            Files.copy(in, directory.resolve("agent.log"));
        } catch (IOException e) {
            // It ended.
        }
    }

    /** When it was started, as of {@link System#nanoTime}. */
    long startedAt() {
        return startedAt;
    }

    /** The directory of its socket. */
    Path runDirectory() {
        return directory.resolve("run");
    }

    /** The resident memory now, in MiB. */
    double residentMiB() throws IOException {
        return status("VmRSS");
    }

    /** The most that was resident, in MiB. */
    double peakMiB() throws IOException {
        return status("VmHWM");
    }

    private double status(String member) throws IOException {
        List<String> lines = Files.readAllLines(proc("status"));
        return MachineFiles.megabytes(lines, member) * 1e6 / MIB;
    }

    /** The processor time that it has used, in seconds. */
    double cpuSeconds() throws IOException {
        return MachineFiles.processSeconds(Files.readString(proc("stat")));
    }

    private Path proc(String file) {
        return Path.of("/proc", Long.toString(process.pid()), file);
    }

    /** What its garbage collector has written down. */
    GcLog gcLog() throws IOException {
        return GcLog.parse(Files.readAllLines(directory.resolve("gc.log")));
    }

    /** Collects all garbage. */
    void collectGarbage() throws IOException {
        Process jcmd =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                                Long.toString(process.pid()),
                                "GC.run")
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("jcmd.log").toFile())
                        .start();
        try {
            if (!jcmd.waitFor(30, TimeUnit.SECONDS) || jcmd.exitValue() != 0) {
                throw new IOException(
                        "jcmd failed: " + Files.readString(directory.resolve("jcmd.log")));
            }
        } catch (InterruptedException e) {
            throw new IOException("interrupted while jcmd ran", e);
        } finally {
            jcmd.destroyForcibly();
        }
    }

    /** A page of its HTTP server. */
    String get(String page) throws IOException {
        return ScaleNode.inside(
                node.node(),
                () -> {
                    HttpURLConnection connection =
                            (HttpURLConnection) URI.create(BASE + page).toURL().openConnection();
                    // A kept connection could be used again from another namespace.
                    connection.setRequestProperty("Connection", "close");
                    connection.setReadTimeout(10_000);
                    try (InputStream in = connection.getInputStream()) {
                        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    } finally {
                        connection.disconnect();
                    }
                });
    }

    /** The value of a metric without labels, or NaN. */
    double metric(String name) throws IOException {
        return get("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Fails with the end of its log if it has ended. */
    void requireAlive() throws IOException {
        if (!process.isAlive()) {
            throw new IOException("the agent has ended: " + tail());
        }
    }

    /** The end of its log, in one line. */
    String tail() throws IOException {
        Path log = directory.resolve("agent.log");
        String text = Files.exists(log) ? Files.readString(log).strip() : "";
        return text.substring(Math.max(0, text.length() - 600)).replaceAll("\\s+", " ");
    }

    @Override
    public void close() {
        Processes.end(process);
    }
}
