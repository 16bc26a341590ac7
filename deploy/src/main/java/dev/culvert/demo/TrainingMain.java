package dev.culvert.demo;

import dev.culvert.demo.api.ApiServerMain;
import dev.culvert.demo.api.TlsFront;
import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The run of an agent from which the image's AOT cache is made: it starts against an API in memory,
 * attaches and detaches a pod, answers all of its pages and commands, and stops. Where the build
 * may not make network devices, the agent does as much as it can without. One thread.
 */
public final class TrainingMain {
    private static final String ADDRESS = "127.0.0.1";
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);
    private static final int SECONDS_TO_WRITE = 300;

    private final String culvert;
    private final Path folder;

    private TrainingMain(String culvert, Path folder) {
        this.culvert = culvert;
        this.folder = folder;
    }

    /**
     * Trains.
     *
     * @param args the command {@code culvert} of the image, and the file to write
     */
    public static void main(String[] args) {
        // The threads of the API would go on.
        System.exit(train(args[0], Path.of(args[1])));
    }

    private static int train(String culvert, Path cache) {
        try {
            Files.deleteIfExists(cache);
            new TrainingMain(culvert, Files.createTempDirectory("training")).run(cache);
            if (Files.exists(cache)) {
                return 0;
            }
            System.err.println("the agent of the training run ended without writing " + cache);
        } catch (IOException | DemoException | GeneralSecurityException | InterruptedException e) {
            System.err.println("the training run failed: " + e.getMessage());
        }
        return 1;
    }

    private void run(Path cache)
            throws IOException, DemoException, GeneralSecurityException, InterruptedException {
        ApiAccess api = startApi();
        // As in a pod: reading a kubeconfig would put hundreds of classes into the cache that no
        // agent of a DaemonSet uses.
        api.writeServiceAccount(Path.of(ApiAccess.SERVICE_ACCOUNT));
        ProcessBuilder builder =
                new ProcessBuilder(culvert, "agent", "--node-name", Plan.nodeName(1));
        builder.environment().putAll(api.environment());
        // What this run says of hot methods is of little use to one that carries packets, and
        // takes 3 MB of each agent's memory.
        builder.environment()
                .put(
                        "CULVERT_JAVA_OPTIONS",
                        "-XX:AOTCacheOutput=" + cache + " -XX:-AOTRecordTraining");
        Process agent = builder.inheritIO().start();
        try {
            boolean ready = Await.until(READY_LIMIT, () -> !agent.isAlive() || answers("/readyz"));
            if (!agent.isAlive()) {
                throw new IOException("the agent of the training run ended: see what it said");
            }
            System.err.println(
                    "The agent of the training run is" + (ready ? " ready." : " not ready."));
            exercise(ready);
            agent.destroy();
            if (!agent.waitFor(SECONDS_TO_WRITE, TimeUnit.SECONDS) || agent.exitValue() != 0) {
                throw new IOException("the agent of the training run did not end well");
            }
        } finally {
            agent.destroyForcibly();
        }
    }

    /** Starts it, with three nodes. */
    private ApiAccess startApi() throws DemoException, IOException, GeneralSecurityException {
        int port = ApiServerMain.serve();
        ApiKey key = ApiKey.make(folder, ADDRESS);
        TlsFront front =
                TlsFront.listen(
                        InetAddress.ofLiteral(ADDRESS),
                        Plan.API_PORT,
                        key.file(),
                        ApiKey.PASSWORD.toCharArray(),
                        port);
        Thread.ofPlatform().daemon().start(() -> serve(front));
        for (int node = 1; node <= 3; node++) {
            post(port, "/api/v1/nodes", KubernetesApi.nodeJson(node));
        }
        return new ApiAccess(ADDRESS, key.certificate(), "training");
    }

    private static void serve(TlsFront front) {
        try {
            front.run();
        } catch (IOException e) {
            throw new IllegalStateException("the API cannot go on", e);
        }
    }

    private void exercise(boolean ready) throws DemoException, IOException {
        for (String page : List.of("/", "/healthz", "/readyz", "/status", "/metrics")) {
            answers(page);
        }
        for (String verb : List.of("version", "status", "peers")) {
            Command.of(List.of(culvert, verb)).run();
        }
        if (ready) {
            attachAndDetach();
        }
    }

    /** The mount of the namespace goes with the one that the training is in. */
    private void attachAndDetach() throws DemoException, IOException {
        Path namespace = Files.createFile(folder.resolve("namespace"));
        Command.of(List.of("unshare", "--net=" + namespace, "true")).output();
        for (String verb : List.of("ADD", "DEL")) {
            Command.of(List.of("/usr/lib/culvert/culvert-cni"))
                    .withEnvironment(
                            Map.of(
                                    "CNI_COMMAND", verb,
                                    "CNI_CONTAINERID", "training",
                                    "CNI_NETNS", namespace.toString(),
                                    "CNI_IFNAME", "eth0",
                                    "CNI_PATH", "/usr/lib/culvert"))
                    .withInput(
                            "{\"cniVersion\":\"1.1.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}")
                    .run();
        }
    }

    private static boolean answers(String page) {
        try {
            HttpURLConnection connection = open(AgentProcess.HEALTH_PORT, page);
            try {
                return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
            } finally {
                // It is asked often while it is not ready, and descriptors may be few.
                connection.disconnect();
            }
        } catch (IOException _) {
            return false;
        }
    }

    private static void post(int port, String path, String json) throws IOException {
        HttpURLConnection connection = open(port, path);
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(json.getBytes(StandardCharsets.UTF_8));
        }
        if (connection.getResponseCode() / 100 != 2) {
            throw new IOException("the API answered " + connection.getResponseCode());
        }
    }

    private static HttpURLConnection open(int port, String path) throws IOException {
        return (HttpURLConnection)
                URI.create("http://" + ADDRESS + ":" + port + path).toURL().openConnection();
    }
}
