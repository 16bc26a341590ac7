package dev.culvert.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A containerd of the demo's own, in a process and a mount namespace, so that the kernel ends every
 * container and takes down every mount when it ends. It keeps what it unpacks in memory. The main
 * thread only.
 */
final class ContainerRuntime {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final String SOCKET = "/run/containerd/containerd.sock";
    private static final String NETWORKS = "/run/networks/";

    /** Without what needs more of the machine than the containers here do. */
    private static final String CONFIG =
            """
            version = 2
            root = "/run/containerd/root"
            state = "/run/containerd/state"
            disabled_plugins = [
              "io.containerd.grpc.v1.cri",
              "io.containerd.internal.v1.opt",
              "io.containerd.snapshotter.v1.aufs",
              "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper",
              "io.containerd.snapshotter.v1.zfs",
            ]
            [grpc]
              address = "/run/containerd/containerd.sock"
            """;

    private final LoggedProcess process;
    private final long pid;

    private ContainerRuntime(LoggedProcess process, long pid) {
        this.process = process;
        this.pid = pid;
    }

    /** Starts it; containers can then join the network namespaces of {@code nodes}. */
    static ContainerRuntime start(List<NodeHolder> nodes, Plan plan, ChildProcesses children)
            throws DemoException, InterruptedException {
        List<String> words = new ArrayList<>(children.mortal());
        words.addAll(List.of("unshare", "--mount", "--propagation", "private"));
        words.addAll(List.of("--pid", "--fork", "--kill-child", "sh", "-ec", script(nodes)));
        LoggedProcess process =
                LoggedProcess.start(children, plan.logs().resolve("containerd.log"), words);
        if (!Await.until(START_LIMIT, () -> !process.isAlive() || process.child() > 0)) {
            throw new DemoException("containerd does not start: " + process.tail());
        }
        ContainerRuntime runtime = new ContainerRuntime(process, process.child());
        runtime.awaitReady();
        return runtime;
    }

    private static String script(List<NodeHolder> nodes) {
        String networks =
                nodes.stream()
                        .map(
                                node ->
                                        "touch %2$s%1$s; mount --bind /proc/%3$d/ns/net %2$s%1$s\n"
                                                .formatted(node.name(), NETWORKS, node.pid()))
                        .collect(Collectors.joining());
        return """
               mount -t tmpfs -o mode=755 tmpfs /run
               mkdir -p %s /run/containerd
               %smount -t proc proc /proc
               cat >/run/containerd/config.toml <<'END'
               %sEND
               containerd --config /run/containerd/config.toml &
               wait
               """
                .formatted(NETWORKS, networks, CONFIG);
    }

    private void awaitReady() throws DemoException, InterruptedException {
        if (!Await.until(START_LIMIT, () -> !process.isAlive() || answers())
                || !process.isAlive()) {
            throw new DemoException("containerd does not start:\n" + process.tail());
        }
    }

    private boolean answers() {
        try {
            return ctr("version").run().status() == 0;
        } catch (DemoException _) {
            return false;
        }
    }

    /** Takes an image from an archive and returns its name. */
    String load(Path archive) throws DemoException {
        // Unpacking takes longer than other commands.
        ctr("images", "import", archive.toString()).withLimit(Duration.ofMinutes(3)).output();
        return ctr("images", "list", "--quiet").output().strip();
    }

    /** A command of the client. */
    Command ctr(String... words) {
        return Command.of(words(List.of(words)));
    }

    /** The words of such a command. */
    List<String> words(List<String> words) {
        List<String> all = new ArrayList<>(List.of("nsenter", "--target", pid + ""));
        all.addAll(List.of("--mount", "--pid", "--", "ctr", "--address", SOCKET));
        all.addAll(words);
        return all;
    }

    /** What makes a container join a node's network. */
    static String network(NodeHolder node) {
        return "network:" + NETWORKS + node.name();
    }

    /** The folder of /proc of the first process of a container. */
    Path proc(String container) throws DemoException {
        String[] line = taskLine(container).strip().split("\\s+", -1);
        return Path.of("/proc/" + pid + "/root/proc/" + line[1]);
    }

    private String taskLine(String container) throws DemoException {
        return ctr("tasks", "list")
                .output()
                .lines()
                .filter(line -> line.startsWith(container + " "))
                .findFirst()
                .orElseThrow(() -> new DemoException("containerd runs no " + container));
    }
}
