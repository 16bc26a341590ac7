package dev.culvert.bench.path;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/**
 * External commands inside network namespaces. They end with {@link #close}, and when the thread
 * that started them ends in whatever way: start them from one that lives as long as the
 * measurement. {@link #close} from any thread.
 */
final class Processes implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Deque<Process> started = new ConcurrentLinkedDeque<>();

    /** Starts a command whose standard output can be read. */
    Process start(NetworkNamespace namespace, List<String> command) throws IOException {
        return start(builder(namespace, command).redirectError(ProcessBuilder.Redirect.INHERIT));
    }

    private Process start(ProcessBuilder builder) throws IOException {
        started.removeIf(process -> !process.isAlive());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static ProcessBuilder builder(NetworkNamespace namespace, List<String> command) {
        List<String> line = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "nsenter"));
        line.add("--net=" + namespace.path());
        line.add("--");
        line.addAll(command);
        return new ProcessBuilder(line);
    }

    /**
     * Runs a command to its end.
     *
     * @return what it printed
     * @throws IOException with the command and its output if it fails or takes too long
     */
    String run(NetworkNamespace namespace, List<String> command) throws IOException {
        Process process = start(builder(namespace, command).redirectErrorStream(true));
        CompletableFuture<Void> watchdog = killLater(process);
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            String text = output.readAllAsString();
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(
                        "%s ended with status %d: %s"
                                .formatted(String.join(" ", command), status, text.strip()));
            }
            return text;
        } catch (InterruptedException e) {
            throw new IOException("interrupted while waiting for " + command, e);
        } finally {
            watchdog.cancel(false);
            process.destroyForcibly();
        }
    }

    private static CompletableFuture<Void> killLater(Process process) {
        return CompletableFuture.runAsync(
                process::destroyForcibly,
                CompletableFuture.delayedExecutor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    /**
     * Waits until the process prints a line with this text.
     *
     * @throws IOException if it ends without it
     */
    static void awaitLine(Process process, String text) throws IOException {
        CompletableFuture<Void> watchdog = killLater(process);
        try {
            while (true) {
                String line = process.inputReader(StandardCharsets.UTF_8).readLine();
                if (line == null) {
                    throw new IOException("a process did not say '" + text + "'");
                }
                if (line.contains(text)) {
                    return;
                }
            }
        } finally {
            watchdog.cancel(false);
        }
    }

    @Override
    public void close() {
        started.forEach(Process::destroyForcibly);
        started.clear();
    }
}
