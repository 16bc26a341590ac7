package dev.culvert.linux.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of the script {@code dev} in a folder without sources, where it can check what it is asked
 * for but has nothing to build or to run. Any thread.
 */
public final class DevScript {
    /** The tests run in the folder of their module. */
    private static final Path ORIGINAL = Path.of("..", "dev");

    private final Path copy;

    private DevScript(Path copy) {
        this.copy = copy;
    }

    /** What it said, and its exit status. */
    public record Answer(int status, String text) {
        /** The first line. */
        public String line() {
            return text.lines().findFirst().orElse("");
        }
    }

    /** Copies it to an empty folder. */
    public static DevScript copyTo(Path folder) throws IOException {
        return new DevScript(Files.copy(ORIGINAL, folder.resolve("dev")));
    }

    /** Runs it to its end. */
    public Answer run(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                Stream.concat(Stream.of("bash", copy.toString()), Stream.of(arguments)).toList();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Answer(process.waitFor(), text);
    }

    /** Whether it prepared a build. */
    public boolean prepared() {
        return Files.exists(copy.resolveSibling("target"));
    }
}
