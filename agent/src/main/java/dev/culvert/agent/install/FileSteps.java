package dev.culvert.agent.install;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The single steps that putting files in place is made of, so that a test can stop between any two
 * of them as a killed process would. One thread at a time.
 */
interface FileSteps {
    /** Makes a directory and what is missing above it. */
    void createDirectories(Path directory) throws IOException;

    /**
     * Makes a file that must not exist, and returns once its bytes are on the disk.
     *
     * @param permissions as {@code ls} shows them, for example {@code rw-r--r--}
     */
    void write(Path file, byte[] content, String permissions) throws IOException;

    /** Gives a file another name in its directory, in place of what had that name. */
    void rename(Path from, Path to) throws IOException;

    /** Returns once the names in a directory are on the disk. */
    void sync(Path directory) throws IOException;

    /** Removes a file if it is there, and tells whether it was. */
    boolean delete(Path file) throws IOException;
}
