package dev.culvert.agent.install;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Puts the CNI executable and then the network list in place, each at one stroke, and takes them
 * away again in the reverse order: the list never names an executable that is not there. What is in
 * place already is not written again. Any thread.
 */
public final class CniInstaller {
    private final CniFiles files;
    private final PlacedFile executable;
    private final PlacedFile networkList;

    /** Nothing happens yet. */
    public CniInstaller(CniFiles files) {
        this(files, new DiskSteps());
    }

    CniInstaller(CniFiles files, FileSteps steps) {
        this.files = files;
        this.executable =
                new PlacedFile(
                        files.binDirectory().resolve(NetworkList.PLUGIN), "rwxr-xr-x", steps);
        this.networkList =
                new PlacedFile(
                        files.confDirectory().resolve(NetworkList.FILE_NAME), "rw-r--r--", steps);
    }

    /**
     * Puts both in place; call it once pods can be attached.
     *
     * @return the files that were written, which are none if both were in place
     * @throws IOException with a sentence; each file is then as it was or as it should be
     */
    public synchronized List<Path> install() throws IOException {
        byte[] program = program();
        requireChained();
        List<Path> written = new ArrayList<>();
        place(executable, program, written);
        place(networkList, new NetworkList(files.chained()).content(), written);
        return written;
    }

    /**
     * Takes both away.
     *
     * @return the files that were removed
     * @throws IOException with a sentence
     */
    public synchronized List<Path> uninstall() throws IOException {
        List<Path> removed = new ArrayList<>();
        for (PlacedFile each : List.of(networkList, executable)) {
            try {
                if (each.remove()) {
                    removed.add(each.path());
                }
            } catch (IOException e) {
                throw new IOException("cannot remove %s: %s".formatted(each.path(), reason(e)), e);
            }
        }
        return removed;
    }

    /**
     * Network lists of others that a runtime takes instead of ours, since it takes the first by
     * name.
     *
     * @throws IOException with a sentence if the directory cannot be read
     */
    public List<Path> takenBefore() throws IOException {
        List<Path> before = new ArrayList<>();
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(files.confDirectory(), "*.{conf,conflist,json}")) {
            for (Path each : found) {
                if (String.valueOf(each.getFileName()).compareTo(NetworkList.FILE_NAME) < 0) {
                    before.add(each);
                }
            }
        } catch (NoSuchFileException _) {
            return before;
        } catch (IOException e) {
            throw unreadable(e);
        } catch (DirectoryIteratorException e) {
            throw unreadable(Objects.requireNonNull(e.getCause()));
        }
        before.sort(null);
        return before;
    }

    private IOException unreadable(IOException e) {
        return new IOException("cannot read %s: %s".formatted(files.confDirectory(), reason(e)), e);
    }

    private byte[] program() throws IOException {
        try {
            byte[] program = Files.readAllBytes(files.executable());
            if (program.length == 0) {
                throw new IOException("it is empty");
            }
            return program;
        } catch (IOException e) {
            throw new IOException(
                    "the CNI executable cannot be read from %s: %s"
                            .formatted(files.executable(), reason(e)),
                    e);
        }
    }

    /** A list with a plugin that is not there would fail every pod of the node. */
    private void requireChained() throws IOException {
        for (String type : files.chained()) {
            Path plugin = files.binDirectory().resolve(type);
            if (!Files.isExecutable(plugin)) {
                throw new IOException(
                        "the plugin %s is to follow ours, but %s is no executable file: install it or leave it out"
                                .formatted(type, plugin));
            }
        }
    }

    private static void place(PlacedFile file, byte[] content, List<Path> written)
            throws IOException {
        try {
            if (file.place(content)) {
                written.add(file.path());
            }
        } catch (IOException e) {
            throw new IOException("cannot write %s: %s".formatted(file.path(), reason(e)), e);
        }
    }

    /** The exceptions of the file system say little but the path. */
    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case AccessDeniedException denied -> denied.getFile() + " may not be used";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> Objects.requireNonNullElse(e.getMessage(), e.toString());
        };
    }
}
