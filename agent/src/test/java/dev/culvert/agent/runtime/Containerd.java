package dev.culvert.agent.runtime;

import static org.awaitility.Awaitility.await;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Debian's containerd in a {@link RuntimeNode}: started, killed and started again like a machine's
 * own. One thread; the {@link #client} any.
 */
public final class Containerd implements AutoCloseable {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String SOCKET = "/run/containerd/containerd.sock";

    private final RuntimeNode node;
    private final RuntimeClient client;
    private Process process;

    private Containerd(RuntimeNode node, RuntimeClient client, Process process) {
        this.node = node;
        this.client = client;
        this.process = process;
    }

    /** Skips the test, and says why, where it cannot run. */
    public static void assumeInstalled() throws IOException {
        Stream.of("/usr/bin/containerd", "/usr/bin/ctr", "/usr/sbin/runc", "/usr/lib/cni/portmap")
                .filter(each -> !Files.isExecutable(Path.of(each)))
                .findFirst()
                .ifPresent(
                        each ->
                                Assumptions.abort(
                                        "needs Debian's packages containerd, runc and containernetworking-plugins: there is no "
                                                + each));
        boolean whole = Files.readString(Path.of("/proc/self/uid_map")).contains("4294967295");
        Assumptions.assumeTrue(whole, "needs root of the machine, not of a user namespace");
    }

    /** Starts it, with an image to start sandboxes from; skips the test where runc cannot run. */
    public static Containerd start(NetworkNamespace namespace, Path directory) throws IOException {
        PauseImage image = PauseImage.build(Files.createDirectories(directory.resolve("image")));
        RuntimeNode node =
                RuntimeNode.start(
                        namespace,
                        Files.createDirectories(directory.resolve("node")),
                        image.program());
        try {
            Path root = directory.resolve("containerd");
            Files.writeString(node.directory().resolve("config.toml"), config(root));
            RuntimeClient client = RuntimeClient.connect(node.file(SOCKET));
            Containerd containerd = new Containerd(node, client, launch(node));
            containerd.awaitAnswers();
            containerd.ctr("images", "import", "--snapshotter", "native", "" + image.archive());
            return containerd;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
    }

    /** Without a kernel's or this process's further help: no snapshots, no limits, no profiles. */
    private static String config(Path root) {
        return """
            version = 2
            root = "%s"
            state = "/run/containerd"
            disabled_plugins = [
              "io.containerd.internal.v1.opt",
              "io.containerd.snapshotter.v1.aufs",
              "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper",
              "io.containerd.snapshotter.v1.overlayfs",
              "io.containerd.snapshotter.v1.zfs",
            ]
            [grpc]
              address = "%s"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "%s"
              disable_apparmor = true
              disable_cgroup = true
              disable_hugetlb_controller = true
              restrict_oom_score_adj = true
              stream_server_address = "127.0.0.1"
              stream_server_port = "0"
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "/opt/cni/bin"
                conf_dir = "/etc/cni/net.d"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "native"
            """
                .formatted(root, SOCKET, PauseImage.NAME);
    }

    private static Process launch(RuntimeNode node) throws IOException {
        return new ProcessBuilder(
                        node.enter("containerd", "--config", node.directory() + "/config.toml"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log(node).toFile()))
                .start();
    }

    private static Path log(RuntimeNode node) {
        return node.directory().resolve("containerd.log");
    }

    private void awaitAnswers() throws IOException {
        await().atMost(LONG).until(() -> client.answers() || !process.isAlive());
        if (!process.isAlive()) {
            throw new IOException("containerd ended: " + log());
        }
    }

    /** The machine that it runs on. */
    public RuntimeNode node() {
        return node;
    }

    /** What a kubelet would call it by. */
    public RuntimeClient client() {
        return client;
    }

    /** Everything that it has printed. */
    public String log() throws IOException {
        return Files.readString(log(node));
    }

    /** Runs {@code ctr}, in the runtime's namespace for pods. */
    public String ctr(String... arguments) throws IOException {
        return node.run(ctrCommand(arguments));
    }

    /** The words of such a call. */
    public static String[] ctrCommand(String... arguments) {
        return Stream.concat(
                        Stream.of("ctr", "--address", SOCKET, "--namespace", "k8s.io"),
                        Stream.of(arguments))
                .toArray(String[]::new);
    }

    /** Kills it as a crash would; sandboxes live on. */
    public void kill() {
        process.children().forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }

    /** Starts it again. */
    public void restart() throws IOException {
        process = launch(node);
        awaitAnswers();
    }

    /** The paths of the network namespaces that it has, as it knows them. */
    public List<String> namespaces() throws IOException {
        return node.run("find", "/run/netns", "-type", "f").lines().sorted().toList();
    }

    /** The name of the image. */
    public static String image() {
        return PauseImage.NAME;
    }

    @Override
    public void close() throws IOException {
        client.close();
        node.close();
    }
}
