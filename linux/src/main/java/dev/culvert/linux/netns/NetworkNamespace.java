package dev.culvert.linux.netns;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A network namespace, held open by a descriptor that this object owns. Any thread, virtual ones
 * too: code for the inside always runs on a platform thread of its own, since a virtual thread
 * would leave its carrier behind in the namespace.
 *
 * <p>Two objects are equal when they are the same namespace, whatever path it was opened by.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man7/network_namespaces.7.html">network_namespaces(7)</a>
 */
public final class NetworkNamespace implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x40000000;
    private static final int O_CLOEXEC = 0x80000;

    /** {@code NS_GET_NSTYPE} of {@code linux/nsfs.h}. */
    private static final long NS_GET_NSTYPE = 0xb703;

    /** Of the calling thread, whereas {@code /proc/self} is the thread that started the process. */
    private static final Path OWN = Path.of("/proc/thread-self/ns/net");

    private final Descriptor descriptor;
    private final long inode;

    private NetworkNamespace(Descriptor descriptor, long inode) {
        this.descriptor = descriptor;
        this.inode = inode;
    }

    /** The calling thread's namespace. */
    public static NetworkNamespace current() throws LinuxException {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a virtual thread has no network namespace of its own: ask a platform thread");
        }
        return open(OWN);
    }

    /**
     * Opens the namespace that is mounted at or linked from {@code path}, for example {@code
     * /proc/1234/ns/net} or {@code /run/netns/blue}.
     *
     * @throws LinuxException with {@code ENOENT} if there is no such file, {@code EINVAL} if it is
     *     no network namespace
     */
    public static NetworkNamespace open(Path path) throws LinuxException {
        String object = "network namespace " + path;
        int number = LinuxException.check(LibC.open(path.toString(), O_CLOEXEC, 0), "open", object);
        return of(Descriptor.own(number, object));
    }

    /**
     * Takes ownership of a descriptor, which it closes when it throws.
     *
     * @throws LinuxException with {@code EINVAL} if it is not open on a network namespace
     */
    public static NetworkNamespace of(Descriptor descriptor) throws LinuxException {
        int kind = LibC.ioctl(descriptor.number(), NS_GET_NSTYPE, 0);
        if (kind != CLONE_NEWNET) {
            String object = descriptor + " is not a network namespace";
            descriptor.close();
            throw new LinuxException("ioctl(NS_GET_NSTYPE)", Errno.EINVAL, object);
        }
        return new NetworkNamespace(descriptor, readInode(descriptor));
    }

    /**
     * Makes a namespace without a name, with nothing in it but a loopback device that is down. It
     * is gone when nobody holds it any more: no descriptor, no thread.
     */
    public static NetworkNamespace create() throws LinuxException {
        FutureTask<NetworkNamespace> task = new FutureTask<>(NetworkNamespace::unshare);
        Thread thread = Thread.ofPlatform().daemon().name("netns-create").start(task);
        try {
            return join(task, thread);
        } catch (LinuxException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("unshare threw", e);
        }
    }

    private static NetworkNamespace unshare() throws LinuxException {
        LinuxException.check(LibC.unshare(CLONE_NEWNET), "unshare", "CLONE_NEWNET");
        return current();
    }

    private static long readInode(Descriptor descriptor) throws LinuxException {
        try {
            return (long) Files.getAttribute(path(descriptor), "unix:ino");
        } catch (IOException e) {
            String object = descriptor + ": " + e;
            descriptor.close();
            throw new LinuxException("stat", Errno.EIO, object);
        }
    }

    /**
     * Runs {@code block} inside and waits for it. An interrupt is passed on to the block.
     *
     * @return what the block returned
     * @throws LinuxException if the namespace cannot be entered
     * @throws Exception what the block threw
     */
    public <T extends @Nullable Object> T call(Callable<T> block) throws Exception {
        FutureTask<T> task =
                new FutureTask<>(
                        () -> {
                            enter();
                            return block.call();
                        });
        Thread thread = Thread.ofPlatform().daemon().name("netns-" + inode).start(task);
        return join(task, thread);
    }

    /**
     * A daemon thread that lives inside, not started yet. It ends at once, with an {@link
     * UncheckedIOException}, if the namespace cannot be entered.
     */
    public Thread newThread(Runnable block) {
        return Thread.ofPlatform()
                .daemon()
                .name("netns-" + inode)
                .unstarted(
                        () -> {
                            enterUnchecked();
                            block.run();
                        });
    }

    private void enterUnchecked() {
        try {
            enter();
        } catch (LinuxException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void enter() throws LinuxException {
        int result = LibC.setns(descriptor.number(), CLONE_NEWNET);
        LinuxException.check(result, "setns", descriptor.toString());
    }

    private static <T extends @Nullable Object> T join(Future<T> task, Thread thread)
            throws Exception {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                    thread.interrupt();
                }
            }
        } catch (ExecutionException e) {
            throw unwrap(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Exception unwrap(ExecutionException e) {
        return switch (e.getCause()) {
            case Error error -> throw error;
            case Exception exception -> exception;
            case null, default -> e;
        };
    }

    /** The descriptor, still owned by this object. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /** The number by which the kernel identifies it as long as it lives. */
    public long inode() {
        return inode;
    }

    /** A path by which other processes can open it, as long as this object is open. */
    public Path path() {
        return path(descriptor);
    }

    private static Path path(Descriptor descriptor) {
        return Path.of(
                "/proc",
                Long.toString(ProcessHandle.current().pid()),
                "fd",
                "" + descriptor.number());
    }

    /** Lets go of it. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NetworkNamespace that && that.inode == inode;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(inode);
    }

    @Override
    public String toString() {
        return "netns " + inode;
    }
}
