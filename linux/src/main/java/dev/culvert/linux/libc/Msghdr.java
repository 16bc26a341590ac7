package dev.culvert.linux.libc;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A {@code struct msghdr} with one {@code struct iovec}, for sendmsg(2) and recvmsg(2). It lives as
 * long as the arena; one thread at a time.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/recv.2.html">recv(2)</a>, {@code
 *     linux/socket.h}
 */
public final class Msghdr {
    /** {@code MSG_CTRUNC}: control data did not fit. */
    public static final int MSG_CTRUNC = 0x08;

    /** {@code MSG_TRUNC}: the datagram did not fit. */
    public static final int MSG_TRUNC = 0x20;

    private static final int SIZE = 56;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 8;
    private static final int IOV = 16;
    private static final int IOV_COUNT = 24;
    private static final int CONTROL = 32;
    private static final int CONTROL_LENGTH = 40;
    private static final int FLAGS = 48;
    private static final int IOVEC_SIZE = 16;

    private final MemorySegment header;

    /** Describes {@code data} alone. */
    public Msghdr(Arena arena, MemorySegment data) {
        header = arena.allocate(SIZE, Long.BYTES);
        MemorySegment iovec = arena.allocate(IOVEC_SIZE, Long.BYTES);
        iovec.set(JAVA_LONG, 0, data.address());
        iovec.set(JAVA_LONG, Long.BYTES, data.byteSize());
        header.set(JAVA_LONG, IOV, iovec.address());
        header.set(JAVA_LONG, IOV_COUNT, 1);
    }

    /** With room for, or the value of, the peer's address. */
    public Msghdr withName(MemorySegment name) {
        header.set(JAVA_LONG, NAME, name.address());
        header.set(JAVA_INT, NAME_LENGTH, (int) name.byteSize());
        return this;
    }

    /** With room for, or the value of, control messages. */
    public Msghdr withControl(MemorySegment control) {
        header.set(JAVA_LONG, CONTROL, control.address());
        header.set(JAVA_LONG, CONTROL_LENGTH, control.byteSize());
        return this;
    }

    /** Where it is, for {@link LibC#sendmsg} and {@link LibC#recvmsg}. */
    public long address() {
        return header.address();
    }

    /** Bytes of control messages that were received. */
    public long controlLength() {
        return header.get(JAVA_LONG, CONTROL_LENGTH);
    }

    /** Whether recvmsg(2) set any of these {@code MSG_} flags. */
    public boolean hasFlag(int flag) {
        return (header.get(JAVA_INT, FLAGS) & flag) != 0;
    }
}
