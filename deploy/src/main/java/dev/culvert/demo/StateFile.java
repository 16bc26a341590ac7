package dev.culvert.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The processes of a running demo, one a line, so that {@code --down} finds them and no others. One
 * thread at a time.
 */
final class StateFile {
    private final Path folder;
    private final Path path;

    StateFile(Path folder) {
        this.folder = folder;
        this.path = folder.resolve("processes");
    }

    Path path() {
        return path;
    }

    /** Adds a process; the file and its folder are made as needed. */
    void add(ProcessIdentity process) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                path, process + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** The recorded processes that still run. */
    List<ProcessIdentity> alive() {
        if (!Files.exists(path)) {
            return List.of();
        }
        try {
            return Files.readAllLines(path).stream()
                    .filter(line -> !line.isBlank())
                    .map(ProcessIdentity::parse)
                    .filter(ProcessIdentity::isAlive)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path, e);
        }
    }

    /** Removes the file and, if nothing else is in it, its folder. */
    void delete() throws IOException {
        Files.deleteIfExists(path);
        String[] rest = folder.toFile().list();
        if (rest != null && rest.length == 0) {
            Files.delete(folder);
        }
    }
}
