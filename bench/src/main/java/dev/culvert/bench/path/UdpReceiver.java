package dev.culvert.bench.path;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Counts datagrams, many with a system call. One thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
 */
final class UdpReceiver {
    private static final int BATCH = 64;
    private static final Set<Errno> NOTHING = Set.of(Errno.EAGAIN, Errno.EINTR);
    private static final int DATAGRAM_BYTES = 2048;

    /** {@code struct mmsghdr}: a {@code struct msghdr} of 56 bytes, a length, and padding. */
    private static final int MESSAGE_BYTES = 64;

    private static final int IOV_OFFSET = 16;
    private static final int IOV_COUNT_OFFSET = 24;

    /** {@code MSG_WAITFORONE}: wait for the first, take what else is there. */
    private static final int MSG_WAITFORONE = 0x10000;

    private final int socket;
    private long first;
    private long last;

    /** Takes the descriptor of a socket with a time limit; it stays the caller's. */
    UdpReceiver(int socket) {
        this.socket = socket;
    }

    /**
     * Counts until {@code isLast} says that no more is sent and the socket's time has passed.
     *
     * @return how many came
     */
    long receive(BooleanSupplier isLast) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            return receive(messages(arena), isLast);
        }
    }

    private long receive(MemorySegment messages, BooleanSupplier isLast) throws LinuxException {
        long count = 0;
        while (true) {
            boolean mayBeLast = isLast.getAsBoolean();
            int result = LibC.recvmmsg(socket, messages.address(), BATCH, MSG_WAITFORONE);
            if (result > 0) {
                last = System.nanoTime();
                first = count == 0 ? last : first;
                count += result;
            } else if (!NOTHING.contains(Errno.of(-result))) {
                LinuxException.check(result, "recvmmsg", "udp");
            } else if (mayBeLast) {
                return count;
            }
        }
    }

    /** All into the same bytes, since nobody looks at them. */
    private static MemorySegment messages(Arena arena) {
        MemorySegment vector = arena.allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteSize());
        vector.set(JAVA_LONG, 0, arena.allocate(DATAGRAM_BYTES).address());
        vector.set(JAVA_LONG, JAVA_LONG.byteSize(), DATAGRAM_BYTES);
        MemorySegment messages = arena.allocate((long) BATCH * MESSAGE_BYTES, JAVA_LONG.byteSize());
        for (int i = 0; i < BATCH; i++) {
            long message = (long) i * MESSAGE_BYTES;
            messages.set(JAVA_LONG, message + IOV_OFFSET, vector.address());
            messages.set(JAVA_LONG, message + IOV_COUNT_OFFSET, 1);
        }
        return messages;
    }

    /** Time between the first and the last. */
    long nanos() {
        return last - first;
    }
}
