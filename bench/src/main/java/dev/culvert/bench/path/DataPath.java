package dev.culvert.bench.path;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Culvert's data path on one node, in a process of its own. It ends with the {@link Processes} that
 * it was started by.
 */
record DataPath(Process process) implements Tunnel {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The agent's default. */
    private static final int TRANSMIT_QUEUE_LENGTH = 1000;

    /** The TUN device of a mode, so that both kinds run side by side. */
    static String tunName(Mode mode) {
        return mode == Mode.CULVERT ? "cv.tun" : "cv.plain";
    }

    private static int port(Mode mode) {
        return mode == Mode.CULVERT ? 4789 : 4790;
    }

    /** Starts it and waits until it carries packets. */
    static DataPath start(Mode mode, Node node, Node peer, Plan plan) throws IOException {
        Process process = node.processes().start(node.node(), command(mode, node, peer, plan));
        Processes.awaitLine(process, DataPathMain.READY);
        node.ip(
                "link set %s mtu %d txqueuelen %d up"
                        .formatted(tunName(mode), Node.POD_MTU, TRANSMIT_QUEUE_LENGTH));
        return new DataPath(process);
    }

    private static List<String> command(Mode mode, Node node, Node peer, Plan plan) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx64m",
                                "-XX:+UseSerialGC",
                                "-XX:-UsePerfData",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(plan.jvmOptions());
        command.addAll(arguments(mode, node, peer, plan.loops()));
        return command;
    }

    private static List<String> arguments(Mode mode, Node node, Node peer, int loops) {
        return List.of(
                "-cp",
                System.getProperty("java.class.path"),
                DataPathMain.class.getName(),
                tunName(mode),
                Integer.toString(port(mode)),
                Integer.toString(loops),
                Boolean.toString(mode == Mode.CULVERT),
                node.underlay().getHostAddress(),
                node.mac().toString(),
                node.podCidr().toString(),
                peer.underlay().getHostAddress(),
                peer.mac().toString(),
                peer.podCidr().toString());
    }

    /** Ends it, so that a profiler in it can write down what it saw. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(PATIENCE)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public double allocatedBytes() throws IOException {
        return Double.parseDouble(Processes.ask(process, DataPathMain.ALLOCATED));
    }
}
