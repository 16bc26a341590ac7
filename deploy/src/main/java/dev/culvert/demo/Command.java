package dev.culvert.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A short command that is run to its end with its output kept. Immutable, any thread. */
record Command(List<String> words, Map<String, String> environment, String input, Duration limit) {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /** How a command ended: its exit status and what it wrote to the two streams. */
    record Result(int status, String output, String errors) {
        /** Both streams, for a message. */
        String text() {
            return (output + errors).strip();
        }
    }

    Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
    }

    static Command of(List<String> words) {
        return new Command(words, Map.of(), "", LIMIT);
    }

    Command withInput(String text) {
        return new Command(words, environment, text, limit);
    }

    /** With another limit than 30 seconds. */
    Command withLimit(Duration other) {
        return new Command(words, environment, input, other);
    }

    Command withEnvironment(Map<String, String> variables) {
        return new Command(words, variables, input, limit);
    }

    /** Runs it; an exit status other than 0 is the caller's to judge. */
    Result run() throws DemoException {
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().putAll(environment);
        try {
            return finish(builder.start());
        } catch (IOException e) {
            throw new DemoException("cannot run " + words + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DemoException("interrupted in " + words, e);
        }
    }

    /** Runs it and returns what it wrote; fails if its status is not 0. */
    String output() throws DemoException {
        Result result = run();
        if (result.status() != 0) {
            throw new DemoException(
                    "'%s' ended with status %d: %s"
                            .formatted(String.join(" ", words), result.status(), result.text()));
        }
        return result.output();
    }

    private Result finish(Process process) throws IOException, InterruptedException {
        CompletableFuture<String> output = text(process.getInputStream());
        CompletableFuture<String> errors = text(process.getErrorStream());
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("not done after " + limit.toSeconds() + " s");
        }
        return new Result(process.exitValue(), output.join(), errors.join());
    }

    private static CompletableFuture<String> text(InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> text.completeAsync(() -> readAll(stream), Runnable::run));
        return text;
    }

    private static String readAll(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
