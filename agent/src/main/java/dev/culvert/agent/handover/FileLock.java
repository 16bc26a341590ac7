package dev.culvert.agent.handover;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A lock that at most one process on the node has, whatever container it runs in; the kernel takes
 * it from a process that ends (fcntl(2), F_SETLK). Any thread.
 */
final class FileLock {
    private final Path file;
    private @Nullable FileChannel held;

    FileLock(Path file) {
        this.file = file;
    }

    /** Takes it, if nobody else has it. */
    synchronized boolean tryTake() throws IOException {
        if (held != null) {
            return true;
        }
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean taken = false;
        try {
            taken = channel.tryLock() != null;
        } catch (OverlappingFileLockException _) {
            // Somebody else of this process has it.
        } finally {
            if (!taken) {
                channel.close();
            }
        }
        held = taken ? channel : null;
        return taken;
    }

    /** Whether another process has it. */
    synchronized boolean isTakenByAnother() throws IOException {
        if (held != null) {
            return false;
        }
        boolean free = tryTake();
        release();
        return !free;
    }

    /** Gives it back, if it was taken. */
    synchronized void release() throws IOException {
        FileChannel channel = held;
        held = null;
        if (channel != null) {
            channel.close();
        }
    }
}
