package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.libc.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A connected Unix stream socket that can pass descriptors. One thread reads and one writes; {@link
 * #close} belongs to whoever owns both.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
 */
public final class UnixSocket implements AutoCloseable {
    /** Descriptors that one {@link #receive} takes; more of them are an error. */
    public static final int MOST_DESCRIPTORS = 4;

    private static final int SO_PEERCRED = 17;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int CMSG_HEADER = 16;
    private static final int CMSG_LEVEL = 8;
    private static final int CMSG_TYPE = 12;
    private static final int UCRED_SIZE = 12;

    private final Descriptor descriptor;

    UnixSocket(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Who is at the other end, as the kernel knows it.
     *
     * @param pid its process id in our pid namespace, 0 when it is in none that we see
     * @param uid its effective user id
     * @param gid its effective group id
     */
    public record Credentials(int pid, int uid, int gid) {}

    /**
     * Connects to the server that is bound to {@code path}.
     *
     * @throws LinuxException with {@code ENOENT} or {@code ECONNREFUSED} if nobody listens there
     */
    public static UnixSocket connect(Path path) throws LinuxException {
        Descriptor socket = UnixAddress.newSocket("unix " + path, 0);
        try (Arena arena = Arena.ofConfined()) {
            int result = LibC.connect(socket.number(), UnixAddress.encode(arena, path));
            LinuxException.check(result, "connect", "unix " + path);
            return new UnixSocket(socket);
        } catch (LinuxException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Bounds each later {@link #receive} and send; zero means to wait for ever. */
    public void setTimeout(Duration timeout) throws LinuxException {
        SocketOptions.setTimeout(descriptor, SocketOptions.SO_RCVTIMEO, timeout);
        SocketOptions.setTimeout(descriptor, SocketOptions.SO_SNDTIMEO, timeout);
    }

    /** The other end's process and user. */
    public Credentials peerCredentials() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ucred = arena.allocate(UCRED_SIZE, Integer.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, UCRED_SIZE);
            int result =
                    LibC.getsockopt(
                            descriptor.number(),
                            SocketOptions.SOL_SOCKET,
                            SO_PEERCRED,
                            ucred,
                            length);
            LinuxException.check(result, "getsockopt(SO_PEERCRED)", descriptor.toString());
            return new Credentials(
                    ucred.getAtIndex(JAVA_INT, 0),
                    ucred.getAtIndex(JAVA_INT, 1),
                    ucred.getAtIndex(JAVA_INT, 2));
        }
    }

    /**
     * Reads what is there, waiting for the first byte.
     *
     * @param descriptors takes the descriptors that came along; the caller owns them
     * @return bytes read, 0 at the end of the stream
     * @throws LinuxException with {@code ETIMEDOUT} after the timeout, {@code EMSGSIZE} if more
     *     than {@link #MOST_DESCRIPTORS} came (all are closed then)
     */
    public int receive(byte[] buffer, int offset, int length, List<Descriptor> descriptors)
            throws LinuxException {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, length));
            MemorySegment control =
                    arena.allocate(CMSG_HEADER + MOST_DESCRIPTORS * Integer.BYTES, Long.BYTES);
            Msghdr message = new Msghdr(arena, data.asSlice(0, length)).withControl(control);
            int count = receive(message);
            List<Descriptor> received = descriptors(control.asSlice(0, message.controlLength()));
            if (message.hasFlag(Msghdr.MSG_CTRUNC)) {
                received.forEach(Descriptor::close);
                throw new LinuxException(
                        "recvmsg",
                        Errno.EMSGSIZE,
                        descriptor + ": more than " + MOST_DESCRIPTORS + " descriptors came");
            }
            descriptors.addAll(received);
            MemorySegment.copy(data, JAVA_BYTE, 0, buffer, offset, count);
            return count;
        }
    }

    private int receive(Msghdr message) throws LinuxException {
        long result;
        do {
            result = LibC.recvmsg(descriptor.number(), message.address(), MSG_CMSG_CLOEXEC);
        } while (result == -Errno.EINTR.number());
        return checkTimed(result, "recvmsg");
    }

    /** Writes all of {@code bytes}. */
    public void send(byte[] bytes) throws LinuxException {
        send(bytes, 0, bytes.length);
    }

    /** Writes all of a part of {@code bytes}. */
    public void send(byte[] bytes, int offset, int length) throws LinuxException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, length));
            MemorySegment.copy(bytes, offset, data, JAVA_BYTE, 0, length);
            sendAll(arena, data.asSlice(0, length));
        }
    }

    /** Writes all of {@code bytes} with {@code passed} along the first one. */
    public void sendWithDescriptor(byte[] bytes, Descriptor passed) throws LinuxException {
        sendWithDescriptors(bytes, List.of(passed));
    }

    /**
     * Writes all of {@code bytes} with the descriptors along the first one; the receiver gets
     * duplicates, so the caller still owns its own.
     *
     * @throws IllegalArgumentException without a byte for them to go with
     */
    public void sendWithDescriptors(byte[] bytes, List<Descriptor> passed) throws LinuxException {
        if (bytes.length == 0) {
            throw new IllegalArgumentException("descriptors need at least one byte to go with");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom(JAVA_BYTE, bytes);
            Msghdr message = new Msghdr(arena, data).withControl(rights(arena, passed));
            int sent = send(message);
            sendAll(arena, data.asSlice(sent));
        }
    }

    private void sendAll(Arena arena, MemorySegment data) throws LinuxException {
        MemorySegment rest = data;
        while (rest.byteSize() > 0) {
            rest = rest.asSlice(send(new Msghdr(arena, rest)));
        }
    }

    private int send(Msghdr message) throws LinuxException {
        long result;
        do {
            result = LibC.sendmsg(descriptor.number(), message.address(), MSG_NOSIGNAL);
        } while (result == -Errno.EINTR.number());
        return checkTimed(result, "sendmsg");
    }

    private int checkTimed(long result, String call) throws LinuxException {
        // EAGAIN is how a blocking socket reports that SO_RCVTIMEO or SO_SNDTIMEO has passed.
        long told = result == -Errno.EAGAIN.number() ? -Errno.ETIMEDOUT.number() : result;
        return LinuxException.check(told, call, descriptor.toString());
    }

    private static MemorySegment rights(Arena arena, List<Descriptor> passed) {
        int length = CMSG_HEADER + passed.size() * Integer.BYTES;
        MemorySegment control = arena.allocate((length + Long.BYTES - 1) & -Long.BYTES, Long.BYTES);
        control.set(JAVA_LONG, 0, length);
        control.set(JAVA_INT, CMSG_LEVEL, SocketOptions.SOL_SOCKET);
        control.set(JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < passed.size(); i++) {
            control.set(JAVA_INT, CMSG_HEADER + (long) i * Integer.BYTES, passed.get(i).number());
        }
        return control;
    }

    private static List<Descriptor> descriptors(MemorySegment control) {
        List<Descriptor> found = new ArrayList<>();
        long at = 0;
        while (at + CMSG_HEADER <= control.byteSize()) {
            long end = at + Math.max(CMSG_HEADER, control.get(JAVA_LONG, at));
            boolean rights =
                    control.get(JAVA_INT, at + CMSG_LEVEL) == SocketOptions.SOL_SOCKET
                            && control.get(JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS;
            for (long each = at + CMSG_HEADER;
                    rights && each + Integer.BYTES <= Math.min(end, control.byteSize());
                    each += Integer.BYTES) {
                found.add(Descriptor.own(control.get(JAVA_INT, each), "passed descriptor"));
            }
            at = (end + Long.BYTES - 1) & -Long.BYTES;
        }
        return found;
    }

    /** Closes the connection. */
    @Override
    public void close() {
        descriptor.close();
    }

    @Override
    public String toString() {
        return descriptor.toString();
    }
}
