package dev.culvert.iptables;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Runs the programs as processes, found by {@code PATH}, in the network namespace of the calling
 * thread, without a shell. An interrupt ends the process; that is safe, since the kernel takes a
 * table's change whole or not at all. Any thread.
 */
public final class ProcessCommand implements IptablesCommand {
    /** Far more than the longest of them takes; a program that hangs must not stop the agent. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Executor THREADS =
            task -> Thread.ofPlatform().daemon().name("iptables-pipe").start(task);

    /** Nothing is started yet. */
    public ProcessCommand() {}

    @Override
    public Result run(List<String> words, String input) throws IOException {
        Process process = start(words);
        try {
            CompletableFuture<String> output = read(process.getInputStream());
            CompletableFuture<String> error = read(process.getErrorStream());
            CompletableFuture<Void> written = write(process.getOutputStream(), input);
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IptablesException(
                        "%s did not end within %d s and was ended"
                                .formatted(words.getFirst(), PATIENCE.toSeconds()));
            }
            written.join();
            return new Result(process.exitValue(), output.join(), error.join());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(words, e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static Process start(List<String> words) throws IptablesException {
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("LC_ALL", "C");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IptablesException(
                    "%s cannot be run: install the packages iptables, ipset and nftables (%s)"
                            .formatted(words.getFirst(), e.getMessage()),
                    e);
        }
    }

    private static InterruptedIOException interrupted(List<String> words, InterruptedException e) {
        InterruptedIOException exception =
                new InterruptedIOException("interrupted while " + words.getFirst() + " ran");
        exception.initCause(e);
        return exception;
    }

    private static CompletableFuture<String> read(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (stream) {
                        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        // The process was ended; its status tells the rest.
                        return "";
                    }
                },
                THREADS);
    }

    private static CompletableFuture<Void> write(OutputStream stream, String input) {
        return CompletableFuture.runAsync(
                () -> {
                    try (stream) {
                        stream.write(input.getBytes(StandardCharsets.UTF_8));
                    } catch (IOException e) {
                        // It ended before it had read all: its status and its words say why.
                        return;
                    }
                },
                THREADS);
    }
}
