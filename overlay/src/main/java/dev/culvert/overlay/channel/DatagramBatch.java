package dev.culvert.overlay.channel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
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
 * @see <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>
 */
public final class DatagramBatch {
    /** Messages that one call takes at most. */
    static final int MAX_MESSAGES = 8;

    private static final int MESSAGE_BYTES = 65_536;
    private static final int NAME_BYTES = 32;
    private static final int CONTROL_BYTES = 128;
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

    private final MemorySegment memory;
    private final MemorySegment headers;
    private final MemorySegment names;
    private final MemorySegment controls;
    private final MemorySegment vectors;
    private final int[] segmentLengths = new int[MAX_MESSAGES];
    private final int[] trafficClasses = new int[MAX_MESSAGES];
    private int count;
    private int overflows;

    DatagramBatch() {
        Arena arena = Arena.ofAuto();
        memory = arena.allocate((long) MESSAGE_BYTES * MAX_MESSAGES, 64);
        headers = arena.allocate((long) MMSGHDR_BYTES * MAX_MESSAGES, 8);
        names = arena.allocate((long) NAME_BYTES * MAX_MESSAGES, 8);
        controls = arena.allocate((long) CONTROL_BYTES * MAX_MESSAGES, 8);
        // All five live exactly as long as their arena does, which each of them keeps alive.
        vectors = arena.allocate((long) IOVEC_BYTES * MAX_MESSAGES, 8);
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
        prepare(MAX_MESSAGES);
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
        return segmentLengths[index];
    }

    /** The TOS byte or traffic class that message {@code index} came with. */
    public int trafficClass(int index) {
        return trafficClasses[index];
    }

    /**
     * Datagrams that the socket has dropped since it was opened because its receive buffer was
     * full, modulo 2^32, as the newest message tells that tells.
     */
    public int overflows() {
        return overflows;
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

    /** The kernel overwrites the lengths of those messages that it gives. */
    private void prepare(int messages) {
        for (int i = 0; i < messages; i++) {
            long header = (long) MMSGHDR_BYTES * i;
            headers.set(JAVA_INT, header + NAME_LENGTH_OFFSET, SocketAddresses.MAX_BYTES);
            headers.set(JAVA_LONG, header + CONTROL_LENGTH_OFFSET, CONTROL_BYTES);
        }
    }

    /** Takes over what a call gave. */
    void received(int messages) {
        count = messages;
        for (int i = 0; i < messages; i++) {
            readControl(i);
        }
        prepare(messages);
    }

    private void readControl(int index) {
        segmentLengths[index] = length(index);
        trafficClasses[index] = 0;
        long at = (long) CONTROL_BYTES * index;
        long given = headers.get(JAVA_LONG, (long) MMSGHDR_BYTES * index + CONTROL_LENGTH_OFFSET);
        long end = at + Math.min(given, CONTROL_BYTES);
        while (at + CMSG_DATA_OFFSET < end) {
            long length = controls.get(JAVA_LONG, at);
            if (length <= CMSG_DATA_OFFSET || length > end - at) {
                return;
            }
            readControl(index, at, length);
            at += (length + 7) & ~7;
        }
    }

    private void readControl(int index, long at, long length) {
        int level = controls.get(JAVA_INT, at + CMSG_LEVEL_OFFSET);
        int type = controls.get(JAVA_INT, at + CMSG_TYPE_OFFSET);
        if (level == UdpSocket.IPPROTO_IP && type == UdpSocket.IP_TOS) {
            trafficClasses[index] = controls.get(JAVA_BYTE, at + CMSG_DATA_OFFSET) & 0xff;
        } else if (length >= CMSG_DATA_OFFSET + Integer.BYTES) {
            int value = controls.get(JAVA_INT, at + CMSG_DATA_OFFSET);
            if (level == UdpSocket.SOL_UDP && type == UdpSocket.UDP_GRO) {
                segmentLengths[index] = value;
            } else if (level == UdpSocket.IPPROTO_IPV6 && type == UdpSocket.IPV6_TCLASS) {
                trafficClasses[index] = value & 0xff;
            } else if (level == UdpSocket.SOL_SOCKET && type == UdpSocket.SO_RXQ_OVFL) {
                overflows = value;
            }
        }
    }

    /** Bytes of its memory. */
    long bufferBytes() {
        return memory.byteSize()
                + headers.byteSize()
                + names.byteSize()
                + controls.byteSize()
                + vectors.byteSize();
    }
}
