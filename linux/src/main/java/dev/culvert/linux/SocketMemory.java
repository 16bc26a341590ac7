package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What a socket's queues hold, in bytes as the kernel accounts for them: overhead included.
 * Immutable.
 *
 * @param received waits to be received
 * @param receiveBuffer the most that may wait
 * @param sent was sent and is still held by the network
 * @param sendBuffer the most that may be held
 * @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>, {@code
 *     linux/sock_diag.h}
 */
public record SocketMemory(long received, long receiveBuffer, long sent, long sendBuffer) {
    /** Of no socket. */
    public static final SocketMemory NONE = new SocketMemory(0, 0, 0, 0);

    /** {@code SO_MEMINFO}. */
    private static final int SO_MEMINFO = 55;

    /** {@code SK_MEMINFO_VARS} of Linux 4.12, when the option came. */
    private static final int VALUES = 9;

    /** Of a socket that another thread may close meanwhile: {@link #NONE} then. */
    public static SocketMemory of(Descriptor socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(VALUES * (long) Integer.BYTES, Integer.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) values.byteSize());
            int result =
                    LibC.getsockopt(
                            socket.number(), SocketOptions.SOL_SOCKET, SO_MEMINFO, values, length);
            return result < 0
                    ? NONE
                    : new SocketMemory(
                            unsigned(values, 0),
                            unsigned(values, 1),
                            unsigned(values, 2),
                            unsigned(values, 3));
        } catch (IllegalStateException _) {
            return NONE;
        }
    }

    /** Of two sockets together. */
    public SocketMemory plus(SocketMemory other) {
        return new SocketMemory(
                received + other.received,
                receiveBuffer + other.receiveBuffer,
                sent + other.sent,
                sendBuffer + other.sendBuffer);
    }

    private static long unsigned(MemorySegment values, long index) {
        return Integer.toUnsignedLong(values.getAtIndex(JAVA_INT, index));
    }
}
