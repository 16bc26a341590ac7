package dev.culvert.overlay.channel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.linux.SocketAddresses;
import dev.culvert.linux.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What one {@code recvmmsg} took from a UDP socket: messages of one datagram, or of several equal
 * ones of a flow that the kernel received together. One event loop; the contents are valid until
 * the channel reads again. The same object is used for every round.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
 */
public final class DatagramBatch {
    /** Messages that one call takes at most. */
    static final int MAX_MESSAGES = 8;

    private static final int MESSAGE_BYTES = 65_536;
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES = 64;
    private static final int IOVEC_BYTES = 16;
    private static final int MMSGHDR_BYTES = 64;
    private static final int NAME_OFFSET = 0;
    private static final int NAME_LENGTH_OFFSET = 8;
    private static final int IOV_OFFSET = 16;
    private static final int IOV_LENGTH_OFFSET = 24;
    private static final int CONTROL_OFFSET = 32;
    private static final int CONTROL_LENGTH_OFFSET = 40;
    private static final int RECEIVED_OFFSET = 56;
    private static final int CMSG_LEVEL_OFFSET = 8;
    private static final int CMSG_TYPE_OFFSET = 12;
    private static final int CMSG_DATA_OFFSET = 16;
    private static final int CMSG_INT_BYTES = CMSG_DATA_OFFSET + Integer.BYTES;

    private final MemorySegment memory;
    private final MemorySegment headers;
    private final MemorySegment names;
    private final MemorySegment controls;
    private int count;

    DatagramBatch() {
        Arena arena = Arena.ofAuto();
        memory = arena.allocate((long) MESSAGE_BYTES * MAX_MESSAGES, 64);
        headers = arena.allocate((long) MMSGHDR_BYTES * MAX_MESSAGES, 8);
        names = arena.allocate((long) NAME_BYTES * MAX_MESSAGES, 8);
        controls = arena.allocate((long) CONTROL_BYTES * MAX_MESSAGES, 8);
        // All five live exactly as long as their arena does, which each of them keeps alive.
        MemorySegment vectors = arena.allocate((long) IOVEC_BYTES * MAX_MESSAGES, 8);
        for (int i = 0; i < MAX_MESSAGES; i++) {
            vectors.set(
                    JAVA_LONG, (long) IOVEC_BYTES * i, memory.address() + (long) MESSAGE_BYTES * i);
            vectors.set(JAVA_LONG, (long) IOVEC_BYTES * i + 8, MESSAGE_BYTES);
            long header = (long) MMSGHDR_BYTES * i;
            headers.set(JAVA_LONG, header + NAME_OFFSET, names.address() + (long) NAME_BYTES * i);
            headers.set(JAVA_LONG, header + IOV_OFFSET, vectors.address() + (long) IOVEC_BYTES * i);
            headers.set(JAVA_LONG, header + IOV_LENGTH_OFFSET, 1);
            headers.set(
                    JAVA_LONG,
                    header + CONTROL_OFFSET,
                    controls.address() + (long) CONTROL_BYTES * i);
        }
    }

    /** The memory that all messages are in. */
    public MemorySegment memory() {
        return memory;
    }

    /** How many messages there are. */
    public int count() {
        return count;
    }

    /** Where message {@code index} begins. */
    public int offset(int index) {
        return MESSAGE_BYTES * index;
    }

    /** Bytes of message {@code index}. */
    public int length(int index) {
        return headers.get(JAVA_INT, (long) MMSGHDR_BYTES * index + RECEIVED_OFFSET);
    }

    /** Bytes of each datagram of message {@code index} but the last, which may be shorter. */
    public int segmentLength(int index) {
        long control = (long) CONTROL_BYTES * index;
        long given = headers.get(JAVA_LONG, (long) MMSGHDR_BYTES * index + CONTROL_LENGTH_OFFSET);
        boolean gro =
                given >= CMSG_INT_BYTES
                        && controls.get(JAVA_INT, control + CMSG_LEVEL_OFFSET) == UdpSocket.SOL_UDP
                        && controls.get(JAVA_INT, control + CMSG_TYPE_OFFSET) == UdpSocket.UDP_GRO;
        return gro ? controls.get(JAVA_INT, control + CMSG_DATA_OFFSET) : length(index);
    }

    /** The memory that the sources' socket addresses are in. */
    public MemorySegment sources() {
        return names;
    }

    /** Where the socket address of the sender of message {@code index} begins. */
    public long sourceOffset(int index) {
        return (long) NAME_BYTES * index;
    }

    long headersAddress() {
        return headers.address();
    }

    /** The kernel overwrites these lengths in every call. */
    void prepare() {
        count = 0;
        for (int i = 0; i < MAX_MESSAGES; i++) {
            long header = (long) MMSGHDR_BYTES * i;
            headers.set(JAVA_INT, header + NAME_LENGTH_OFFSET, SocketAddresses.MAX_BYTES);
            headers.set(JAVA_LONG, header + CONTROL_LENGTH_OFFSET, CONTROL_BYTES);
        }
    }

    void received(int messages) {
        count = messages;
    }
}
