package dev.culvert.agent.install;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Objects;

/**
 * A file that others read at any time, and so is either the old one or the new one, even if this
 * process is killed or the machine loses power: written beside its place, flushed, renamed. The
 * name that it has meanwhile begins with a dot and ends with {@code .tmp}, which neither a
 * runtime's watcher nor its plugin lookup takes. One thread at a time.
 */
final class PlacedFile {
    private static final String SUFFIX = ".tmp";

    private final Path path;
    private final String permissions;
    private final FileSteps steps;

    /**
     * @param path absolute
     * @param permissions as {@code ls} shows them
     */
    PlacedFile(Path path, String permissions, FileSteps steps) {
        this.path = path;
        this.permissions = permissions;
        this.steps = steps;
    }

    Path path() {
        return path;
    }

    /** Makes it hold this and nothing else; false if it did already and nothing was written. */
    boolean place(byte[] content) throws IOException {
        if (holds(content)) {
            return false;
        }
        steps.createDirectories(directory());
        removeLeftovers();
        Path temporary = directory().resolve(prefix() + ProcessHandle.current().pid() + SUFFIX);
        try {
            steps.write(temporary, content, permissions);
            steps.rename(temporary, path);
        } catch (IOException e) {
            deleteQuietly(temporary, e);
            throw e;
        }
        steps.sync(directory());
        return true;
    }

    /** Removes it and what a killed process left of it; false if nothing was there. */
    boolean remove() throws IOException {
        if (!Files.isDirectory(directory())) {
            return false;
        }
        removeLeftovers();
        boolean removed = steps.delete(path);
        if (removed) {
            steps.sync(directory());
        }
        return removed;
    }

    private boolean holds(byte[] content) throws IOException {
        try {
            return Files.size(path) == content.length
                    && Arrays.equals(Files.readAllBytes(path), content)
                    && PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
                            .equals(permissions);
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private void removeLeftovers() throws IOException {
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(directory(), each -> isLeftover(each))) {
            for (Path each : found) {
                steps.delete(each);
            }
        } catch (DirectoryIteratorException e) {
            throw Objects.requireNonNull(e.getCause());
        }
    }

    private boolean isLeftover(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.startsWith(prefix()) && name.endsWith(SUFFIX);
    }

    private void deleteQuietly(Path temporary, IOException cause) {
        try {
            steps.delete(temporary);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private String prefix() {
        return "." + path.getFileName() + ".";
    }

    private Path directory() {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalStateException(path + " is not absolute");
        }
        return parent;
    }
}
