package dev.culvert.agent.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Runs external commands to their end. Stateless. */
final class Shell {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private Shell() {}

    /** What it printed; an {@link IOException} with all of that if it fails or does not end. */
    static String run(List<String> command) throws IOException {
        Path output = Files.createTempFile("culvert-test", ".out");
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                        .start();
        try {
            boolean ended = process.waitFor(PATIENCE);
            String text = Files.readString(output, StandardCharsets.UTF_8);
            if (!ended || process.exitValue() != 0) {
                throw new IOException(
                        "%s %s: %s"
                                .formatted(
                                        String.join(" ", command),
                                        ended ? "ended with " + process.exitValue() : "hangs",
                                        text));
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + command, e);
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(output);
        }
    }
}
