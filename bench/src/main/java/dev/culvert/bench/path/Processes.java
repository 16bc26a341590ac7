package dev.culvert.bench.path;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * External commands inside network namespaces. They end with {@link #close}, and when the thread
 * that started them ends in whatever way: start them from one that lives as long as the
 * measurement. {@link #close} from any thread.
 */
public final class Processes implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final int MOST_SHOWN = 300;

    private final Deque<Process> started = new ConcurrentLinkedDeque<>();
    private volatile boolean closed;

    /** None yet. */
    public Processes() {}

    /** Starts a command whose standard output can be read. */
    public Process start(NetworkNamespace namespace, List<String> command) throws IOException {
        return start(builder(namespace, command).redirectError(ProcessBuilder.Redirect.INHERIT));
    }

    /** The same, but what it complains of is part of its output. */
    public Process startQuietly(NetworkNamespace namespace, List<String> command)
            throws IOException {
        return start(builder(namespace, command).redirectErrorStream(true));
    }

    private Process start(ProcessBuilder builder) throws IOException {
        if (closed) {
            throw new IOException("the measurement was ended");
        }
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

    /** Runs a command that should take no time to its end. */
    public String run(NetworkNamespace namespace, List<String> command) throws IOException {
        return run(namespace, command, PATIENCE);
    }

    /**
     * Runs a command to its end, which must come within a limit.
     *
     * @return what it printed
     * @throws IOException with the command and its output if it fails or takes too long
     */
    public String run(NetworkNamespace namespace, List<String> command, Duration limit)
            throws IOException {
        Process process = startQuietly(namespace, command);
        Watchdog watchdog = new Watchdog(process, limit);
        try (watchdog;
                var output = process.inputReader(StandardCharsets.UTF_8)) {
            String text = output.readAllAsString();
            int status = process.waitFor();
            if (watchdog.bit()) {
                throw new IOException(
                        "%s was ended because it took longer than %d seconds"
                                .formatted(String.join(" ", command), limit.toSeconds()));
            }
            if (status != 0) {
                throw new IOException(
                        "%s ended with status %d: %s"
                                .formatted(String.join(" ", command), status, end(text)));
            }
            return text;
        } catch (InterruptedException e) {
            throw new IOException("interrupted while waiting for " + command, e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Complaints come last; all in one line. */
    private static String end(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.substring(Math.max(0, line.length() - MOST_SHOWN));
    }

    /**
     * Waits until the process prints a line with this text.
     *
     * @throws IOException if it ends without it, or is ended because it takes too long
     */
    public static void awaitLine(Process process, String text) throws IOException {
        try (var _ = new Watchdog(process, PATIENCE)) {
            String before = "nothing";
            String line = line(process);
            while (line != null && !line.contains(text)) {
                before = line.strip();
                line = line(process);
            }
            if (line == null) {
                throw new IOException(
                        "process %d ended without saying '%s'; the last that it said: %s"
                                .formatted(process.pid(), text, before));
            }
        }
    }

    /**
     * Writes a line to the process and waits for the one that it answers.
     *
     * @throws IOException if it ends without it, or is ended because it takes too long
     */
    public static String ask(Process process, String question) throws IOException {
        requireAlive(process);
        try (var _ = new Watchdog(process, PATIENCE)) {
            process.outputWriter(StandardCharsets.UTF_8).append(question).append('\n').flush();
            String answer = line(process);
            if (answer == null) {
                throw new IOException(
                        "process %d gave no answer to '%s'".formatted(process.pid(), question));
            }
            return answer;
        }
    }

    private static @Nullable String line(Process process) throws IOException {
        return process.inputReader(StandardCharsets.UTF_8).readLine();
    }

    /**
     * Does nothing to a process that runs.
     *
     * @throws IOException if it has ended
     */
    public static void requireAlive(Process process) throws IOException {
        if (!process.isAlive()) {
            throw new IOException("process %d has ended".formatted(process.pid()));
        }
    }

    /** Takes what it prints from now on, or it would stop once nobody does. */
    public static void drain(Process process) {
        Thread.ofVirtual().start(() -> discard(process));
    }

    private static void discard(Process process) {
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It ended.
        }
    }

    /** Ends it now and waits until its ports are free again. */
    public static void end(Process process) {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether nothing is to be started any more. */
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        started.forEach(Process::destroyForcibly);
        started.clear();
    }

    /** Kills a process and its children that still run after a while, unless closed before. */
    private static final class Watchdog implements AutoCloseable {
        private final CompletableFuture<Void> end;
        private volatile boolean bit;

        Watchdog(Process process, Duration limit) {
            end =
                    CompletableFuture.runAsync(
                            () -> bite(process.toHandle()),
                            CompletableFuture.delayedExecutor(
                                    limit.toMillis(), TimeUnit.MILLISECONDS));
        }

        /**
         * By its handle, so that what it has printed can still be read; with its children, or they
         * keep its output open. Whoever sees it end by this knows why.
         */
        private void bite(ProcessHandle process) {
            bit = true;
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }

        boolean bit() {
            return bit;
        }

        @Override
        public void close() {
            end.cancel(false);
        }
    }
}
