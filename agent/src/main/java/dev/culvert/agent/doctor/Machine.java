package dev.culvert.agent.doctor;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files by which a machine tells about itself, below a root: {@code /}, or a directory of a
 * test. Stateless, any thread.
 */
public final class Machine {
    private static final int PART = 64 * 1024;

    private final Path root;

    /** One whose files are below {@code root}. */
    public Machine(Path root) {
        this.root = root;
    }

    Path path(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    /** The text of a file without its last line end; empty if it cannot be read. */
    Optional<String> read(String absolute) {
        // Not Files.readAllBytes: it reads a file without a size by the byte first, and the numbers
        // of
        // /proc/sys come with the first read or not at all.
        try (InputStream file = new FileInputStream(path(absolute).toFile())) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            byte[] part = new byte[PART];
            for (int read = file.read(part); read > 0; read = file.read(part)) {
                text.write(part, 0, read);
            }
            return Optional.of(text.toString(StandardCharsets.UTF_8).stripTrailing());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    List<String> lines(String absolute) {
        return read(absolute).map(text -> text.lines().toList()).orElse(List.of());
    }

    boolean exists(String absolute) {
        return Files.exists(path(absolute), LinkOption.NOFOLLOW_LINKS);
    }

    /** Names in a directory, sorted; none if it cannot be read. */
    List<String> list(String absolute) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(absolute))) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (IOException _) {
            return List.of();
        }
        return names.stream().sorted().toList();
    }

    /** Where a symbolic link leads, or an empty text. */
    String link(String absolute) {
        try {
            return Files.readSymbolicLink(path(absolute)).toString();
        } catch (IOException _) {
            return "";
        }
    }
}
