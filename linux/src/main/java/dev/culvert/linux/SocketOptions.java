package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * Socket options of the two shapes that we need: a number and a time. Stateless, any thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>
 */
public final class SocketOptions {
    /** {@code SOL_SOCKET}. */
    public static final int SOL_SOCKET = 1;

    /** {@code SO_RCVTIMEO}. */
    public static final int SO_RCVTIMEO = 20;

    /** {@code SO_SNDTIMEO}. */
    public static final int SO_SNDTIMEO = 21;

    private SocketOptions() {}

    /** Sets an option whose value is an {@code int}. */
    public static void set(Descriptor socket, int level, int name, int value)
            throws LinuxException {
        LinuxException.check(trySet(socket, level, name, value), "setsockopt", socket.toString());
    }

    /** As {@link #set}, but returns the negated errno when it fails. */
    public static int trySet(Descriptor socket, int level, int name, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocateFrom(JAVA_INT, value);
            return LibC.setsockopt(socket.number(), level, name, number);
        }
    }

    /** Sets {@link #SO_RCVTIMEO} or {@link #SO_SNDTIMEO}; zero means to wait for ever. */
    public static void setTimeout(Descriptor socket, int name, Duration timeout)
            throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeval =
                    arena.allocateFrom(
                            JAVA_LONG, timeout.toSeconds(), timeout.toNanosPart() / 1000);
            int result = LibC.setsockopt(socket.number(), SOL_SOCKET, name, timeval);
            LinuxException.check(result, "setsockopt", socket.toString());
        }
    }
}
