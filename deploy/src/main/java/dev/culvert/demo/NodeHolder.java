package dev.culvert.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A small process that holds a network namespace and a mount namespace open. Both are anonymous, so
 * that the kernel removes all that is in them when the holder and the other processes inside end.
 * One thread at a time, the main thread for {@link #start}.
 */
final class NodeHolder {
    /** Its own /run, so that sockets, locks and named namespaces of the node are the node's. */
    private static final String PREPARE =
            """
            ip link set lo up
            mount -t sysfs sysfs /sys
            mount -t tmpfs -o mode=755 tmpfs /run
            mkdir -p /run/culvert /run/netns /run/demo
            echo ready
            """;

    private static final String STAY_WHILE_STDIN_IS_OPEN = "exec cat >/dev/null\n";
    private static final String STAY = "exec sleep infinity </dev/null >/dev/null 2>&1\n";

    private final String name;
    private final Process process;

    private NodeHolder(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Makes the namespaces; returns when they can be used. */
    static NodeHolder start(String name, ChildProcesses children) throws DemoException {
        String script = PREPARE + (children.keep() ? STAY : STAY_WHILE_STDIN_IS_OPEN);
        List<String> words = new ArrayList<>(List.of("setsid", "unshare", "--net", "--mount"));
        words.addAll(List.of("--propagation", "private", "sh", "-ec", script, "culvert-demo"));
        words.add(name);
        NodeHolder holder =
                new NodeHolder(
                        name, children.start(new ProcessBuilder(words).redirectErrorStream(true)));
        holder.awaitReady();
        return holder;
    }

    private void awaitReady() throws DemoException {
        try {
            BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
            String line = output.readLine();
            if (!"ready".equals(line)) {
                throw new DemoException("cannot make the namespaces of " + name + ": " + line);
            }
        } catch (IOException e) {
            throw new DemoException("cannot make the namespaces of " + name, e);
        }
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    /** The words that run a command in this node's namespaces. */
    List<String> enter(List<String> command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "--target", pid() + ""));
        words.addAll(List.of("--net", "--mount", "--"));
        words.addAll(command);
        return words;
    }

    /** A command in this node's namespaces. */
    Command command(String... words) {
        return Command.of(enter(List.of(words)));
    }

    /** A shell script in this node's namespaces, which stops at the first command that fails. */
    void script(String text) throws DemoException {
        command("sh", "-e").withInput(text).output();
    }

    /** A command in this node's namespaces with an environment besides. */
    Command command(List<String> words, Map<String, String> environment, String input) {
        return Command.of(enter(words)).withEnvironment(environment).withInput(input);
    }

    /** A file of the node as seen from here. */
    Path file(String pathInNode) {
        return Path.of("/proc/" + pid() + "/root" + pathInNode);
    }

    /** Writes a file of the node that others may not read. */
    void write(String pathInNode, String text) throws DemoException {
        try {
            Files.writeString(file(pathInNode), text);
        } catch (IOException e) {
            throw new DemoException("cannot write " + pathInNode + " of " + name, e);
        }
    }

    /** Sockets of the node itself. */
    NamespaceSockets sockets() {
        return new NamespaceSockets(Path.of("/proc/" + pid() + "/ns/net"));
    }
}
