package dev.culvert.linux.libc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls through the C library. Every method returns what the call returns, or the negated
 * errno when it failed, so that a caller on the packet path decides without an exception. Any
 * thread.
 *
 * <p>Calls of the packet path take raw addresses ({@code long}) of memory that the caller keeps
 * alive; the others take segments.
 *
 * @see <a href="https://man7.org/linux/man-pages/dir_section_2.html">man-pages section 2</a>
 */
@SuppressWarnings("restricted")
public final class LibC {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE_LAYOUT));

    private static final MethodHandle READ =
            call("read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE =
            call("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITEV =
            call("writev", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SENDMSG =
            call("sendmsg", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECVMSG =
            call("recvmsg", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle RECVMMSG =
            call("recvmmsg", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle OPEN = variadic(2, "open", ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);
    private static final MethodHandle IOCTL = variadic(2, "ioctl", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle FCNTL = variadic(2, "fcntl", JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle SOCKET =
            call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = call("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle CONNECT =
            call("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle LISTEN = call("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle ACCEPT4 =
            call("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    private static final MethodHandle SHUTDOWN = call("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle GETSOCKNAME =
            call("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SETSOCKOPT =
            call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            call("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle SCHED_YIELD = call("sched_yield", JAVA_INT);
    private static final MethodHandle POLL = call("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle EVENTFD = call("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle FCHMOD = call("fchmod", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle SETNS = call("setns", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle UNSHARE = call("unshare", JAVA_INT, JAVA_INT);
    private static final MethodHandle IF_NAMETOINDEX = call("if_nametoindex", JAVA_INT, ADDRESS);

    private LibC() {}

    /** read(2) into {@code address}. */
    public static long read(int fd, long address, long length) {
        try {
            MemorySegment state = STATE.get();
            long result = (long) READ.invokeExact(state, fd, address, length);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** write(2) from {@code address}. */
    public static long write(int fd, long address, long length) {
        try {
            MemorySegment state = STATE.get();
            long result = (long) WRITE.invokeExact(state, fd, address, length);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** writev(2) of {@code count} {@code struct iovec} at {@code iovecs}. */
    public static long writev(int fd, long iovecs, int count) {
        try {
            MemorySegment state = STATE.get();
            long result = (long) WRITEV.invokeExact(state, fd, iovecs, count);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** sendmsg(2) of the {@code struct msghdr} at {@code message}. */
    public static long sendmsg(int fd, long message, int flags) {
        try {
            MemorySegment state = STATE.get();
            long result = (long) SENDMSG.invokeExact(state, fd, message, flags);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** recvmsg(2) into the {@code struct msghdr} at {@code message}. */
    public static long recvmsg(int fd, long message, int flags) {
        try {
            MemorySegment state = STATE.get();
            long result = (long) RECVMSG.invokeExact(state, fd, message, flags);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** recvmmsg(2) into {@code count} {@code struct mmsghdr} at {@code messages}, no timeout. */
    public static int recvmmsg(int fd, long messages, int count, int flags) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) RECVMMSG.invokeExact(state, fd, messages, count, flags, 0L);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** sched_yield(2), which does not fail on Linux. */
    public static void schedYield() {
        try {
            int ignored = (int) SCHED_YIELD.invokeExact(STATE.get());
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** open(2). */
    public static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = STATE.get();
            int result = (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags, mode);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** close(2). */
    public static int close(int fd) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) CLOSE.invokeExact(state, fd);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** ioctl(2) with a number as its argument. */
    public static int ioctl(int fd, long request, long argument) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) IOCTL.invokeExact(state, fd, request, argument);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** ioctl(2) with a structure as its argument. */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        return ioctl(fd, request, argument.address());
    }

    /** fcntl(2) with a number as its argument. */
    public static int fcntl(int fd, int command, long argument) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) FCNTL.invokeExact(state, fd, command, argument);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** socket(2). */
    public static int socket(int domain, int type, int protocol) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) SOCKET.invokeExact(state, domain, type, protocol);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** bind(2) to the socket address that fills {@code address}. */
    public static int bind(int fd, MemorySegment address) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) BIND.invokeExact(state, fd, address, (int) address.byteSize());
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** connect(2) to the socket address that fills {@code address}. */
    public static int connect(int fd, MemorySegment address) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) CONNECT.invokeExact(state, fd, address, (int) address.byteSize());
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** listen(2). */
    public static int listen(int fd, int backlog) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) LISTEN.invokeExact(state, fd, backlog);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** accept4(2), leaving out the peer's address. */
    public static int accept4(int fd, int flags) {
        try {
            MemorySegment state = STATE.get();
            int result =
                    (int)
                            ACCEPT4.invokeExact(
                                    state, fd, MemorySegment.NULL, MemorySegment.NULL, flags);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** shutdown(2). */
    public static int shutdown(int fd, int how) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) SHUTDOWN.invokeExact(state, fd, how);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** getsockname(2); {@code length} is a {@code socklen_t}, read and written. */
    public static int getsockname(int fd, MemorySegment address, MemorySegment length) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) GETSOCKNAME.invokeExact(state, fd, address, length);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** setsockopt(2) with the value that fills {@code value}. */
    public static int setsockopt(int fd, int level, int name, MemorySegment value) {
        try {
            MemorySegment state = STATE.get();
            int length = (int) value.byteSize();
            int result = (int) SETSOCKOPT.invokeExact(state, fd, level, name, value, length);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** getsockopt(2); {@code length} is a {@code socklen_t}, read and written. */
    public static int getsockopt(
            int fd, int level, int name, MemorySegment value, MemorySegment length) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) GETSOCKOPT.invokeExact(state, fd, level, name, value, length);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /**
     * poll(2) on {@code count} {@code struct pollfd}; the timeout is in milliseconds, -1 for none.
     */
    public static int poll(MemorySegment descriptors, int count, int timeoutMillis) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) POLL.invokeExact(state, descriptors, (long) count, timeoutMillis);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** eventfd(2). */
    public static int eventfd(int initial, int flags) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) EVENTFD.invokeExact(state, initial, flags);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** fchmod(2). */
    public static int fchmod(int fd, int mode) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) FCHMOD.invokeExact(state, fd, mode);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** setns(2) for the calling thread, which must be a platform thread. */
    public static int setns(int fd, int kind) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) SETNS.invokeExact(state, fd, kind);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** unshare(2) for the calling thread, which must be a platform thread. */
    public static int unshare(int flags) {
        try {
            MemorySegment state = STATE.get();
            int result = (int) UNSHARE.invokeExact(state, flags);
            return result >= 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /** if_nametoindex(3): the index of the interface in the calling thread's network namespace. */
    public static int ifNameToIndex(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = STATE.get();
            int result = (int) IF_NAMETOINDEX.invokeExact(state, arena.allocateFrom(name));
            return result > 0 ? result : -errno(state);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, parameters),
                Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(int fixed, String name, MemoryLayout... parameters) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, parameters),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    private static AssertionError impossible(Throwable e) {
        return new AssertionError("a native call threw", e);
    }
}
