package dev.culvert.linux;

import dev.culvert.linux.libc.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A listening Unix stream socket that only its owner may connect to (mode 0600). One thread
 * accepts; any thread may {@link #close}, which wakes it.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
 */
public final class UnixServerSocket implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final int OWNER_ONLY = 0600;
    private static final int S_IFMT = 0170000;
    private static final int S_IFSOCK = 0140000;

    private final Path path;
    private final Descriptor descriptor;
    private final StopSignal stop;

    /** Held while waiting in {@link #accept}, so that nobody closes what it waits for. */
    private final ReentrantLock accepting = new ReentrantLock();

    private final AtomicBoolean closed = new AtomicBoolean();

    private UnixServerSocket(Path path, Descriptor descriptor, StopSignal stop) {
        this.path = path;
        this.descriptor = descriptor;
        this.stop = stop;
    }

    /**
     * Listens at {@code path}. A socket file that a dead server left there is replaced.
     *
     * @throws LinuxException with {@code EADDRINUSE} if a living server answers there or the file
     *     is no socket
     */
    public static UnixServerSocket bind(Path path) throws LinuxException {
        Descriptor socket = UnixAddress.newSocket("unix " + path, UnixAddress.SOCK_NONBLOCK);
        try {
            // On Linux the file takes the mode that the socket has before bind(2).
            LinuxException.check(
                    LibC.fchmod(socket.number(), OWNER_ONLY), "fchmod", socket.toString());
            bindReplacingStale(socket, path);
            LinuxException.check(
                    LibC.listen(socket.number(), BACKLOG), "listen", socket.toString());
            return new UnixServerSocket(path, socket, StopSignal.create());
        } catch (LinuxException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void bindReplacingStale(Descriptor socket, Path path) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            var address = UnixAddress.encode(arena, path);
            int result = LibC.bind(socket.number(), address);
            if (result == -Errno.EADDRINUSE.number()) {
                removeStale(path);
                result = LibC.bind(socket.number(), address);
            }
            LinuxException.check(result, "bind", "unix " + path);
        }
    }

    private static void removeStale(Path path) throws LinuxException {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & S_IFMT) != S_IFSOCK) {
                throw inUse(path, "the file there is no socket; remove it first");
            }
            if (answers(path)) {
                throw inUse(path, "another process answers there; stop it first");
            }
            Files.deleteIfExists(path);
        } catch (LinuxException e) {
            throw e;
        } catch (IOException e) {
            throw inUse(path, "the socket file of a dead server cannot be removed: " + e);
        }
    }

    private static boolean answers(Path path) throws LinuxException {
        try (UnixSocket _ = UnixSocket.connect(path)) {
            return true;
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.ECONNREFUSED) || e.errno().equals(Errno.ENOENT)) {
                return false;
            }
            throw e;
        }
    }

    private static LinuxException inUse(Path path, String reason) {
        return new LinuxException("bind", Errno.EADDRINUSE, "unix " + path + ": " + reason);
    }

    /**
     * Waits for the next connection.
     *
     * @return null when this server was closed
     */
    public @Nullable UnixSocket accept() throws LinuxException {
        accepting.lock();
        try {
            while (!closed.get() && stop.awaitReadable(descriptor)) {
                int result = LibC.accept4(descriptor.number(), UnixAddress.SOCK_CLOEXEC);
                if (!isPassing(result)) {
                    int number = LinuxException.check(result, "accept", descriptor.toString());
                    return new UnixSocket(Descriptor.own(number, "connection to unix " + path));
                }
            }
            return null;
        } finally {
            accepting.unlock();
        }
    }

    /** The client may be gone by the time that we accept. */
    private static boolean isPassing(int result) {
        return result == -Errno.EAGAIN.number()
                || result == -Errno.EINTR.number()
                || result == -Errno.ECONNABORTED.number();
    }

    /** Removes the file and wakes {@link #accept}. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stop.raise();
        accepting.lock();
        try {
            var _ = path.toFile().delete();
            descriptor.close();
            stop.close();
        } finally {
            accepting.unlock();
        }
    }
}
