package dev.culvert.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Runs each agent in a container of an image, with what the DaemonSet gives it and no more. The
 * main thread only.
 */
final class ImageProgram implements AgentProgram {
    /** Each with its reason in docs/image.md. */
    static final List<String> CAPABILITIES = List.of("NET_ADMIN", "NET_RAW", "SYS_ADMIN");

    /** What containerd gives when nothing is said, and Kubernetes takes with {@code drop: ALL}. */
    private static final List<String> USUAL =
            List.of(
                    "CHOWN",
                    "DAC_OVERRIDE",
                    "FSETID",
                    "FOWNER",
                    "MKNOD",
                    "NET_RAW",
                    "SETGID",
                    "SETUID",
                    "SETFCAP",
                    "SETPCAP",
                    "NET_BIND_SERVICE",
                    "SYS_CHROOT",
                    "KILL",
                    "AUDIT_WRITE");

    private final ContainerRuntime runtime;
    private final ChildProcesses children;
    private final String image;
    private final Path folder;
    private final List<String> capabilities;
    private final AtomicInteger numbers = new AtomicInteger();

    private ImageProgram(
            ContainerRuntime runtime,
            ChildProcesses children,
            String image,
            Path folder,
            List<String> capabilities) {
        this.runtime = runtime;
        this.children = children;
        this.image = image;
        this.folder = folder;
        this.capabilities = List.copyOf(capabilities);
    }

    /** Unpacks the image and makes each node ready for it. */
    static ImageProgram load(Path image, List<NodeHolder> nodes, Plan plan, ChildProcesses children)
            throws DemoException, InterruptedException {
        ContainerRuntime runtime = ContainerRuntime.start(nodes, plan, children);
        Path folder = plan.logs().resolve("nodes");
        ImageProgram program =
                new ImageProgram(
                        runtime, children, runtime.load(image), folder, plan.capabilities());
        for (NodeHolder node : nodes) {
            program.prepare(node);
        }
        return program;
    }

    @Override
    public LoggedProcess start(NodeHolder node, String config, ApiAccess api, Path log)
            throws DemoException {
        write(node, "etc/culvert.yaml", config + "cniConfDir: /etc/cni/net.d\n");
        List<String> words = new ArrayList<>(List.of("run", "--rm", "--seccomp", "--read-only"));
        // What is dropped stays dropped, whatever is added.
        USUAL.stream()
                .filter(each -> !capabilities.contains(each))
                .forEach(each -> words.addAll(List.of("--cap-drop", "CAP_" + each)));
        capabilities.forEach(each -> words.addAll(List.of("--cap-add", "CAP_" + each)));
        words.addAll(List.of("--with-ns", ContainerRuntime.network(node)));
        words.addAll(List.of("--device", "/dev/net/tun"));
        words.addAll(mounts(node));
        List<String> access = access(node, api, words);
        // Without a cache that fits, the agent ends instead of starting slowly.
        words.addAll(List.of("--env", "CULVERT_JAVA_OPTIONS=-XX:AOTMode=on"));
        words.addAll(List.of(image, node.name(), "culvert", "agent"));
        words.addAll(access);
        words.addAll(List.of("--node-name", node.name()));
        return LoggedProcess.start(children, log, runtime.words(words));
    }

    /**
     * Gives the container access to the API, as the kubelet does it, and returns what the agent
     * must be told besides.
     */
    private List<String> access(NodeHolder node, ApiAccess api, List<String> container)
            throws DemoException {
        Path account = file(node, "service-account");
        try {
            if (!api.writeServiceAccount(account)) {
                write(node, "etc/kubeconfig", api.kubeconfig());
                return List.of("--kubeconfig", "/etc/culvert/kubeconfig");
            }
        } catch (IOException e) {
            throw new DemoException("cannot write the files of " + account, e);
        }
        container.addAll(List.of("--mount", mount(account, ApiAccess.SERVICE_ACCOUNT, "ro")));
        api.environment()
                .forEach((name, value) -> container.addAll(List.of("--env", name + "=" + value)));
        return List.of();
    }

    /** What the node and the container share is a folder of this machine. */
    private void prepare(NodeHolder node) throws DemoException {
        try {
            remove(folder.resolve(node.name()));
            for (String each : List.of("run", "etc", "cni-bin", "cni-conf")) {
                Files.createDirectories(file(node, each));
            }
        } catch (IOException e) {
            throw new DemoException("cannot make the folders of " + node.name(), e);
        }
        node.command("mount", "--bind", file(node, "run").toString(), "/run/culvert").output();
    }

    /** What an earlier demo has left. */
    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private Path file(NodeHolder node, String name) {
        return folder.resolve(node.name()).resolve(name);
    }

    private void write(NodeHolder node, String name, String text) throws DemoException {
        Path file = file(node, name);
        try {
            Files.deleteIfExists(file);
            Files.createFile(
                    file,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new DemoException("cannot write " + file, e);
        }
    }

    private List<String> mounts(NodeHolder node) {
        return Stream.of(
                        mount(file(node, "run"), "/run/culvert", "rw"),
                        mount(file(node, "etc"), "/etc/culvert", "ro"),
                        mount(file(node, "cni-bin"), "/opt/cni/bin", "rw"),
                        mount(file(node, "cni-conf"), "/etc/cni/net.d", "rw"),
                        mount(Path.of("/proc/sys/net"), "/host/proc/sys/net", "rw"))
                .flatMap(each -> Stream.of("--mount", each))
                .toList();
    }

    private static String mount(Path source, String target, String access) {
        return "type=bind,src=%s,dst=%s,options=rbind:%s".formatted(source, target, access);
    }

    @Override
    public Command command(NodeHolder node, String... words) {
        List<String> all = new ArrayList<>(List.of("tasks", "exec", "--exec-id"));
        all.addAll(List.of("command" + numbers.incrementAndGet(), node.name(), "culvert"));
        all.addAll(List.of(words));
        return runtime.ctr(all.toArray(String[]::new));
    }

    @Override
    public int stop(NodeHolder node, LoggedProcess process, Duration limit)
            throws DemoException, InterruptedException {
        runtime.ctr("tasks", "kill", "--signal", "SIGTERM", node.name()).output();
        return process.awaitEnd(limit);
    }

    @Override
    public Path cniExecutable(NodeHolder node) {
        return file(node, "cni-bin").resolve("culvert-cni");
    }

    /** When the agent in a node's container began and how much it has worked. */
    ContainerStat stat(String node) throws DemoException {
        return ContainerStat.parse(proc(runtime.proc(node).resolve("stat")).getFirst());
    }

    /** What it holds in memory. */
    ContainerMemory memory(String node) throws DemoException {
        return new ContainerMemory(proc(runtime.proc(node).resolve("status")));
    }

    /** The seconds since the machine's boot. */
    static double uptime() throws DemoException {
        return ContainerStat.uptime(proc(Path.of("/proc/uptime")).getFirst());
    }

    private static List<String> proc(Path file) throws DemoException {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new DemoException("cannot read " + file, e);
        }
    }
}
