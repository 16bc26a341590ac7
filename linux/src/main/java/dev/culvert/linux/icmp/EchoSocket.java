package dev.culvert.linux.icmp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.SocketAddresses;
import dev.culvert.linux.SocketOptions;
import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.libc.Msghdr;
import dev.culvert.net.IpFamily;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A raw, non-blocking socket for echo requests and their answers, in the network namespace that the
 * opening thread was in. It hears all answers that come to this namespace: whoever uses it picks an
 * identifier of its own. One thread; needs CAP_NET_RAW.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/raw.7.html">raw(7)</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc792">RFC 792</a>, <a
 *     href="https://www.rfc-editor.org/rfc/rfc4443#section-4.1">RFC 4443, section 4.1</a>
 */
public final class EchoSocket implements AutoCloseable {
    private static final int SOCK_RAW = 3;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int SOL_RAW = 255;
    private static final int ICMP_FILTER = 1;
    private static final int ICMP6_FILTER = 1;
    private static final int FILTER_BYTES = 32;
    private static final int SO_BINDTODEVICE = 25;

    private static final byte ECHO_REQUEST_V4 = 8;
    private static final byte ECHO_REPLY_V4 = 0;
    private static final int ECHO_REQUEST_V6 = 128;
    private static final int ECHO_REPLY_V6 = 129;
    private static final int HEADER_BYTES = 8;
    private static final int MESSAGE_BYTES = 64;
    private static final int BUFFER_BYTES = 256;
    private static final int WORD_BYTES = 4;

    private final IpFamily family;
    private final Descriptor descriptor;

    private EchoSocket(IpFamily family, Descriptor descriptor) {
        this.family = family;
        this.descriptor = descriptor;
    }

    /**
     * Opens one.
     *
     * @throws LinuxException with {@code EPERM} without CAP_NET_RAW, and {@code EAFNOSUPPORT} where
     *     the kernel does not have the family
     */
    public static EchoSocket open(IpFamily family) throws LinuxException {
        boolean v4 = family == IpFamily.IPV4;
        String object = v4 ? "icmp" : "icmpv6";
        int number =
                LinuxException.check(
                        LibC.socket(
                                family.addressFamily(),
                                SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6),
                        "socket",
                        object);
        EchoSocket socket = new EchoSocket(family, Descriptor.own(number, object));
        try {
            socket.hearAnswersOnly();
            return socket;
        } catch (LinuxException e) {
            socket.close();
            throw e;
        }
    }

    private void hearAnswersOnly() throws LinuxException {
        if (family == IpFamily.IPV4) {
            SocketOptions.set(descriptor, SOL_RAW, ICMP_FILTER, ~(1 << ECHO_REPLY_V4));
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocked = arena.allocate(FILTER_BYTES, WORD_BYTES).fill((byte) -1);
            int word = ECHO_REPLY_V6 / Integer.SIZE;
            blocked.setAtIndex(JAVA_INT, word, ~(1 << (ECHO_REPLY_V6 % Integer.SIZE)));
            set(IPPROTO_ICMPV6, ICMP6_FILTER, blocked);
        }
    }

    /** Sends by this device alone, whatever the routes say, from now on. */
    public void bindTo(String device) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(device, StandardCharsets.UTF_8);
            set(SocketOptions.SOL_SOCKET, SO_BINDTODEVICE, name);
        }
    }

    private void set(int level, int option, MemorySegment value) throws LinuxException {
        LinuxException.check(
                LibC.setsockopt(descriptor.number(), level, option, value),
                "setsockopt",
                descriptor.toString());
    }

    /**
     * Sends a request.
     *
     * @return 0, or a negated errno when the kernel did not take it
     */
    public int request(InetAddress to, int identifier, int sequence) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] message = message(identifier, sequence);
            MemorySegment data = arena.allocate(MESSAGE_BYTES, Long.BYTES);
            MemorySegment.copy(message, 0, data, JAVA_BYTE, 0, message.length);
            MemorySegment name = SocketAddresses.allocate(arena, new InetSocketAddress(to, 0));
            Msghdr header = new Msghdr(arena, data).withName(name);
            return (int) Math.min(0, LibC.sendmsg(descriptor.number(), header.address(), 0));
        }
    }

    /** The kernel fills in the checksum of ICMPv6 alone. */
    private byte[] message(int identifier, int sequence) {
        boolean v4 = family == IpFamily.IPV4;
        ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
        message.put(0, v4 ? ECHO_REQUEST_V4 : (byte) ECHO_REQUEST_V6);
        message.putShort(4, (short) identifier);
        message.putShort(6, (short) sequence);
        if (v4) {
            message.putShort(2, checksum(message));
        }
        return message.array();
    }

    /** RFC 1071. */
    private static short checksum(ByteBuffer message) {
        int sum = 0;
        for (int at = 0; at < message.capacity(); at += Short.BYTES) {
            sum += Short.toUnsignedInt(message.getShort(at));
        }
        int folded = (sum & 0xffff) + (sum >>> 16);
        return (short) ~(folded + (folded >>> 16));
    }

    /**
     * Takes an answer.
     *
     * @return null when none waits
     * @throws LinuxException when the socket is broken
     */
    public @Nullable EchoReply receive() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(BUFFER_BYTES, Long.BYTES);
            MemorySegment name = arena.allocate(SocketAddresses.MAX_BYTES, Integer.BYTES);
            Msghdr header = new Msghdr(arena, data).withName(name);
            while (true) {
                long result = LibC.recvmsg(descriptor.number(), header.address(), 0);
                if (result == -Errno.EAGAIN.number()) {
                    return null;
                }
                if (result != -Errno.EINTR.number()) {
                    LinuxException.check(result, "recvmsg", descriptor.toString());
                    EchoReply reply = parse(data.asByteBuffer().limit((int) result), name);
                    if (reply != null) {
                        return reply;
                    }
                }
            }
        }
    }

    private @Nullable EchoReply parse(ByteBuffer packet, MemorySegment name) {
        boolean v4 = family == IpFamily.IPV4;
        int at = v4 && packet.hasRemaining() ? (packet.get(0) & 0x0f) * WORD_BYTES : 0;
        if (packet.limit() < at + HEADER_BYTES
                || packet.get(at) != (v4 ? ECHO_REPLY_V4 : (byte) ECHO_REPLY_V6)) {
            return null;
        }
        return new EchoReply(
                SocketAddresses.read(name, 0).getAddress(),
                Short.toUnsignedInt(packet.getShort(at + 4)),
                Short.toUnsignedInt(packet.getShort(at + 6)));
    }

    /** To wait for. */
    public Descriptor descriptor() {
        return descriptor;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
