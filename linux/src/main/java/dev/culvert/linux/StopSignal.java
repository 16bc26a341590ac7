package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Wakes a thread that waits for a descriptor, for good: once raised it stays raised. {@link #raise}
 * may be called from any thread; whoever closes it must know that nobody waits any more.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
 */
public final class StopSignal implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final short POLLIN = 1;
    private static final int POLLFD_SIZE = 8;
    private static final int FOREVER = -1;

    private final Descriptor event;

    private StopSignal(Descriptor event) {
        this.event = event;
    }

    /** A signal that is not raised. */
    public static StopSignal create() throws LinuxException {
        int number =
                LinuxException.check(
                        LibC.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd", "stop signal");
        return new StopSignal(Descriptor.own(number, "stop signal"));
    }

    /** Wakes whoever waits, now and later. */
    public void raise() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(JAVA_LONG, 1L);
            var _ = LibC.write(event.number(), one.address(), Long.BYTES);
        }
    }

    /**
     * Waits until {@code descriptor} has something to read (or failed, which reading then reports).
     *
     * @return false when the signal was raised
     */
    public boolean awaitReadable(Descriptor descriptor) throws LinuxException {
        return awaitReadable(List.of(descriptor), FOREVER);
    }

    /**
     * Waits until one of these has something to read or failed, at most {@code millis}
     * milliseconds.
     *
     * @return false when the signal was raised
     */
    public boolean awaitReadable(List<Descriptor> descriptors, int millis) throws LinuxException {
        int count = descriptors.size() + 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate((long) count * POLLFD_SIZE, Integer.BYTES);
            describe(polled.asSlice(0, POLLFD_SIZE), event);
            for (int i = 1; i < count; i++) {
                describe(
                        polled.asSlice((long) i * POLLFD_SIZE, POLLFD_SIZE),
                        descriptors.get(i - 1));
            }
            int result;
            do {
                result = LibC.poll(polled, count, millis);
            } while (result == -Errno.EINTR.number());
            LinuxException.check(result, "poll", descriptors.toString());
            return polled.get(JAVA_SHORT, 6) == 0;
        }
    }

    private static void describe(MemorySegment pollfd, Descriptor descriptor) {
        pollfd.set(JAVA_INT, 0, descriptor.number());
        pollfd.set(JAVA_SHORT, 4, POLLIN);
    }

    @Override
    public void close() {
        event.close();
    }
}
