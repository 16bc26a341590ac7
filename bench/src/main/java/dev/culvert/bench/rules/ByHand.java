package dev.culvert.bench.rules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Changes in files, ready to be given to the programs as one does at a prompt. One thread. */
final class ByHand implements AutoCloseable {
    private final Path folder;
    private int files;

    ByHand() throws IOException {
        folder = Files.createTempDirectory("culvert-rules");
    }

    /**
     * A program and the file that it reads.
     *
     * @param words the program and its arguments
     * @param input the file
     */
    record Step(List<String> words, Path input) {}

    /** Writes the files. */
    List<Step> prepare(List<RecordingCommand.Write> writes) throws IOException {
        List<Step> steps = new ArrayList<>();
        for (RecordingCommand.Write write : writes) {
            Path file = folder.resolve(files++ + ".txt");
            Files.writeString(file, write.script());
            steps.add(new Step(write.words(), file));
        }
        return steps;
    }

    /** Runs the programs in the calling thread's namespace. */
    void run(List<Step> steps) throws IOException, InterruptedException {
        for (Step step : steps) {
            run(new ProcessBuilder(step.words()).redirectInput(step.input().toFile()));
        }
    }

    /** Runs a program that reads nothing. */
    void run(String... words) throws IOException, InterruptedException {
        run(new ProcessBuilder(words));
    }

    private static void run(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process =
                builder.redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(builder.command() + " ended with " + process.exitValue());
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        try (var paths = Files.list(folder)) {
            for (Path path : paths.toList()) {
                Files.delete(path);
            }
        }
        Files.delete(folder);
    }
}
