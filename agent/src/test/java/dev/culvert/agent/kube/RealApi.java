package dev.culvert.agent.kube;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/** kube-apiserver and etcd on loopback, in a folder of their own. One thread. */
final class RealApi implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final int TAIL = 2000;

    private final Path work;
    private final List<Process> processes = new ArrayList<>();
    private final KubeAssets.Layout layout;
    private boolean ready;

    private RealApi(Path work, KubeAssets.Layout layout) {
        this.work = work;
        this.layout = layout;
    }

    /**
     * Starts both and waits until the server is ready.
     *
     * @param work an empty folder
     * @throws IOException with the end of its log when it does not become ready
     */
    static RealApi start(KubeAssets assets, Path work) throws IOException {
        List<Integer> ports = freePorts();
        RealApi api =
                new RealApi(
                        work,
                        new KubeAssets.Layout(
                                work, "127.0.0.1", ports.get(0), ports.get(1), ports.get(2)));
        try {
            Files.writeString(work.resolve("tokens.csv"), KubeAssets.tokens());
            Files.writeString(work.resolve("service-account.pem"), KubeAssets.serviceAccountKey());
            api.run("etcd", assets.etcd(api.layout));
            api.run("kube-apiserver", assets.apiserver(api.layout));
            api.awaitReady();
            return api;
        } catch (IOException | RuntimeException e) {
            api.close();
            throw e;
        }
    }

    /** All at once, so that none is given out twice. */
    private static List<Integer> freePorts() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket one = new ServerSocket(0, 1, loopback);
                ServerSocket two = new ServerSocket(0, 1, loopback);
                ServerSocket three = new ServerSocket(0, 1, loopback)) {
            return List.of(one.getLocalPort(), two.getLocalPort(), three.getLocalPort());
        }
    }

    private void run(String name, List<String> command) throws IOException {
        processes.add(
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log(name).toFile())
                        .start());
    }

    private Path log(String name) {
        return work.resolve(name + ".log");
    }

    private void awaitReady() throws IOException {
        try (KubernetesClient client = connect(port())) {
            await().atMost(START_LIMIT).until(() -> isOver() || isReady(client));
        } catch (ConditionTimeoutException _) {
            // The logs say more.
        }
        if (isOver() || !ready) {
            throw new IOException(
                    "kube-apiserver did not become ready. The ends of the logs:\n%s\n%s"
                            .formatted(tail("etcd"), tail("kube-apiserver")));
        }
    }

    private boolean isReady(KubernetesClient client) {
        try {
            ready = "ok".equals(client.raw("/readyz"));
        } catch (KubernetesClientException _) {
            ready = false;
        }
        return ready;
    }

    private boolean isOver() {
        return processes.stream().anyMatch(process -> !process.isAlive());
    }

    private String tail(String name) throws IOException {
        String text = Files.exists(log(name)) ? Files.readString(log(name)) : "";
        return name + ": " + text.substring(Math.max(0, text.length() - TAIL)).strip();
    }

    int port() {
        return layout.port();
    }

    /** The agent's client, of the server or of what stands before it on this port. */
    static KubernetesClient connect(int port) {
        Config config = Config.empty();
        config.setMasterUrl("https://127.0.0.1:" + port + "/");
        config.setOauthToken(KubeAssets.TOKEN);
        // The certificate is the server's own, for this run.
        config.setTrustCerts(true);
        config.setDisableHostnameVerification(true);
        return KubeConnection.client(config);
    }

    @Override
    public void close() {
        for (Process process : processes.reversed()) {
            process.destroy();
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException _) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
