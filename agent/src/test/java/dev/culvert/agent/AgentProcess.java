package dev.culvert.agent;

import dev.culvert.agent.status.StatusReport;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/** The command line, run as a process of its own inside a namespace. One thread; close kills it. */
final class AgentProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final String BASE = "http://127.0.0.1:9473";

    private final NetworkNamespace namespace;
    private final Process process;
    private final Path output;

    private AgentProcess(NetworkNamespace namespace, Process process, Path output) {
        this.namespace = namespace;
        this.process = process;
        this.output = output;
    }

    /**
     * An answer of the agent's HTTP server.
     *
     * @param status 0 when nothing listens
     */
    record Answer(int status, String body) {}

    /** Runs {@code culvert ARGUMENTS}, with both outputs into a new file of {@code directory}. */
    static AgentProcess start(NetworkNamespace namespace, Path directory, String... arguments)
            throws IOException {
        List<String> line = new ArrayList<>();
        line.addAll(List.of("nsenter", "--net=" + namespace.path(), "--"));
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"));
        line.add("--enable-native-access=ALL-UNNAMED");
        line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        line.add("dev.culvert.agent.Main");
        line.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "agent", ".log");
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment()
                .keySet()
                .removeIf(name -> name.equals("NODE_NAME") || name.startsWith("CULVERT_"));
        Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        return new AgentProcess(namespace, process, output);
    }

    /** Asks for a page; the socket is made inside the namespace. */
    Answer get(String page) throws Exception {
        return namespace.call(
                () -> {
                    HttpURLConnection connection =
                            (HttpURLConnection) URI.create(BASE + page).toURL().openConnection();
                    // A kept connection could be used again from another namespace.
                    connection.setRequestProperty("Connection", "close");
                    connection.setReadTimeout(5000);
                    try {
                        return answer(connection);
                    } catch (IOException e) {
                        return new Answer(0, e.toString());
                    } finally {
                        connection.disconnect();
                    }
                });
    }

    private static Answer answer(HttpURLConnection connection) throws IOException {
        int status = connection.getResponseCode();
        try (InputStream in =
                status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return new Answer(status, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** What {@code /status} says now. */
    StatusReport report() throws Exception {
        return new JsonMapper().readValue(get("/status").body(), StatusReport.class);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** How many descriptors of the TUN driver it has. */
    long openTunQueues() throws IOException {
        Path descriptors = Path.of("/proc", Long.toString(process.pid()), "fd");
        long queues = 0;
        try (DirectoryStream<Path> each = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : each) {
                queues += isTun(descriptor) ? 1 : 0;
            }
        }
        return queues;
    }

    private static boolean isTun(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).equals(Path.of("/dev/net/tun"));
        } catch (NoSuchFileException _) {
            return false; // closed meanwhile
        }
    }

    /** Everything that it has printed. */
    String output() throws IOException {
        return Files.readString(output);
    }

    /** Sends SIGTERM, and returns the exit status. */
    int terminate() throws Exception {
        process.destroy();
        return exitStatus();
    }

    /** Waits for the end, and returns the exit status. */
    int exitStatus() throws Exception {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the agent does not end: " + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
