package dev.culvert.bench.scale;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The pods of the agent's node, attached as a container runtime does it. One thread. */
final class PodSandboxes implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    /** The CNI specification's "try again later". */
    private static final String TRY_AGAIN = "\"code\":11,";

    private static final String CONFIGURATION =
            "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}";

    private final Path executable;
    private final Path runDirectory;
    private final List<NetworkNamespace> namespaces = new ArrayList<>();

    /**
     * @param executable the CNI executable
     * @param runDirectory where the agent's socket is
     */
    PodSandboxes(Path executable, Path runDirectory) {
        this.executable = executable;
        this.runDirectory = runDirectory;
    }

    /** Makes a namespace for the pod and attaches it. */
    void attach(SimulatedPod pod) throws IOException {
        NetworkNamespace namespace = NetworkNamespace.create();
        namespaces.add(namespace);
        ProcessBuilder builder =
                new ProcessBuilder(executable.toAbsolutePath().toString())
                        .redirectErrorStream(true);
        builder.environment()
                .putAll(
                        Map.of(
                                "CULVERT_RUN_DIR",
                                runDirectory.toString(),
                                "CNI_COMMAND",
                                "ADD",
                                "CNI_CONTAINERID",
                                "sandbox-" + pod.index(),
                                "CNI_NETNS",
                                namespace.path().toString(),
                                "CNI_IFNAME",
                                "eth0",
                                "CNI_PATH",
                                "/opt/cni/bin",
                                "CNI_ARGS",
                                "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s"
                                        .formatted(pod.namespace(), pod.name())));
        long begin = System.nanoTime();
        while (!run(builder, pod, System.nanoTime() - begin < PATIENCE_NANOS)) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** As a runtime does: packets may be forwarded a moment before pods can be attached. */
    private static boolean run(ProcessBuilder builder, SimulatedPod pod, boolean mayTryAgain)
            throws IOException {
        Process process = builder.start();
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
                input.write(CONFIGURATION);
            }
            String text = output.readAllAsString();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            if (ended && process.exitValue() != 0 && mayTryAgain && text.contains(TRY_AGAIN)) {
                return false;
            }
            if (!ended || process.exitValue() != 0) {
                throw new IOException(
                        "cannot attach pod %s: %s".formatted(pod.name(), text.strip()));
            }
            return true;
        } catch (InterruptedException e) {
            throw new IOException("interrupted while a pod was attached", e);
        } finally {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        namespaces.forEach(NetworkNamespace::close);
        namespaces.clear();
    }
}
