package dev.culvert.linux.testing;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.VethSpec;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Anonymous network namespaces for one test; {@link #close} lets go of all, and the kernel removes
 * them with everything inside. One thread.
 */
public final class TestNamespaces implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private TestNamespaces() {}

    /**
     * What an external command said.
     *
     * @param status its exit status
     * @param output standard output and error, in the order of writing
     */
    public record Output(int status, String output) {}

    /** Skips the test, and says why, if this process may not make network namespaces. */
    public static TestNamespaces assumePermitted() {
        String reason = "";
        try (NetworkNamespace _ = NetworkNamespace.create()) {
            return new TestNamespaces();
        } catch (LinuxException e) {
            reason = "needs root and network namespaces: " + e.getMessage();
        }
        return Assumptions.abort(reason);
    }

    /** Skips the test, and says why, if one of these programs is not there. */
    public static void assumeInstalled(String... programs) {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
        for (String program : programs) {
            boolean installed =
                    Stream.of(path.split(":", -1))
                            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
            Assumptions.assumeTrue(installed, "needs " + program);
        }
    }

    /** Skips the test, and says why, if this process may not open TUN devices. */
    public TestNamespaces assumeTun() {
        Path device = Path.of("/dev/net/tun");
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            close();
            Assumptions.abort("needs a TUN device: this user cannot open " + device);
        }
        return this;
    }

    /** A new namespace with {@code lo} up. */
    public NetworkNamespace create() throws Exception {
        NetworkNamespace namespace = NetworkNamespace.create();
        opened.push(namespace);
        try (KernelRtnetlink rtnetlink = namespace.call(KernelRtnetlink::open)) {
            rtnetlink.changeLink(1, LinkChange.NONE.withUp(true));
        }
        return namespace;
    }

    /** An rtnetlink inside {@code namespace}. */
    public KernelRtnetlink rtnetlink(NetworkNamespace namespace) throws Exception {
        KernelRtnetlink rtnetlink = namespace.call(KernelRtnetlink::open);
        opened.push(rtnetlink);
        return rtnetlink;
    }

    /** Connects two namespaces by a veth pair, both ends up. */
    public void connect(
            NetworkNamespace first, String firstName, NetworkNamespace second, String secondName)
            throws Exception {
        try (KernelRtnetlink near = first.call(KernelRtnetlink::open);
                KernelRtnetlink far = second.call(KernelRtnetlink::open)) {
            near.createVeth(
                    new VethSpec(
                            firstName,
                            MacAddress.ofName(first.inode() + firstName),
                            "",
                            secondName,
                            MacAddress.ofName(second.inode() + secondName),
                            second.descriptor(),
                            1500));
            up(near, firstName);
            up(far, secondName);
        }
    }

    private static void up(KernelRtnetlink rtnetlink, String name) throws LinuxException {
        Link link = rtnetlink.link(name).orElseThrow();
        rtnetlink.changeLink(link.index(), LinkChange.NONE.withUp(true));
    }

    /** Runs a command inside and waits for its end. */
    public Output run(NetworkNamespace namespace, String... command)
            throws IOException, InterruptedException {
        Path file = Files.createTempFile("culvert-test", ".out");
        Process process = builder(namespace, command).redirectOutput(file.toFile()).start();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + " ran for more than " + PATIENCE);
            }
            String output = Files.readString(file, StandardCharsets.UTF_8);
            return new Output(process.exitValue(), output);
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(file);
        }
    }

    /** As {@link #run}, but returns the output and fails when the status is not 0. */
    public String check(NetworkNamespace namespace, String... command)
            throws IOException, InterruptedException {
        Output result = run(namespace, command);
        if (result.status() != 0) {
            throw new AssertionError(String.join(" ", command) + " failed: " + result);
        }
        return result.output();
    }

    /** Starts a command inside that lives until {@link #close}; its output is discarded. */
    public Process start(NetworkNamespace namespace, String... command) throws IOException {
        Process process =
                builder(namespace, command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        opened.push(() -> process.destroyForcibly().waitFor());
        return process;
    }

    private static ProcessBuilder builder(NetworkNamespace namespace, String... command) {
        List<String> line = new ArrayList<>(List.of("nsenter", "--net=" + namespace.path(), "--"));
        line.addAll(List.of(command));
        return new ProcessBuilder(line).redirectErrorStream(true);
    }

    @Override
    public void close() {
        AssertionError failure = null;
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                failure = new AssertionError("the test left something behind", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
