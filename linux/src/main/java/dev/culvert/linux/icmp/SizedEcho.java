package dev.culvert.linux.icmp;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

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

/**
 * Echo requests of a size of one's choice that nobody on the way may cut: what finds out how much a
 * path carries. Their answers come to the {@link EchoSocket}. Stateless; the socket's thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
 */
public final class SizedEcho {
    /** Bytes of an echo request's header. */
    public static final int HEADER_BYTES = 8;

    private static final int IPPROTO_IP = 0;
    private static final int IPPROTO_IPV6 = 41;
    private static final int IP_MTU_DISCOVER = 10;
    private static final int IPV6_MTU_DISCOVER = 23;
    private static final int IPV6_DONTFRAG = 62;

    /** {@code IP_PMTUDISC_PROBE}: not to be cut, whatever was learnt about the path. */
    private static final int PROBE = 3;

    private static final byte REQUEST_V4 = 8;
    private static final byte REQUEST_V6 = (byte) 128;

    private SizedEcho() {}

    /** Has nothing that the socket sends cut into fragments, here or on the way. */
    public static void refuseFragments(EchoSocket socket, IpFamily family) throws LinuxException {
        if (family == IpFamily.IPV4) {
            SocketOptions.set(socket.descriptor(), IPPROTO_IP, IP_MTU_DISCOVER, PROBE);
        } else {
            SocketOptions.set(socket.descriptor(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE);
            SocketOptions.set(socket.descriptor(), IPPROTO_IPV6, IPV6_DONTFRAG, 1);
        }
    }

    /**
     * Sends a request.
     *
     * @param bytes of the message, its header of {@value #HEADER_BYTES} bytes included
     * @return 0, or a negated errno: {@code EMSGSIZE} when it does not fit the interface
     */
    public static int request(
            EchoSocket socket, InetAddress to, int identifier, int sequence, int bytes) {
        byte[] message = message(IpFamily.of(to), identifier, sequence, bytes);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom(JAVA_BYTE, message);
            MemorySegment name = SocketAddresses.allocate(arena, new InetSocketAddress(to, 0));
            Msghdr header = new Msghdr(arena, data).withName(name);
            long result = LibC.sendmsg(socket.descriptor().number(), header.address(), 0);
            return (int) Math.min(0, result);
        }
    }

    /** The kernel fills in the checksum of ICMPv6 alone. */
    private static byte[] message(IpFamily family, int identifier, int sequence, int bytes) {
        byte[] message = new byte[Math.max(HEADER_BYTES, bytes)];
        ByteBuffer fields = ByteBuffer.wrap(message);
        fields.put(0, family == IpFamily.IPV4 ? REQUEST_V4 : REQUEST_V6);
        fields.putShort(4, (short) identifier);
        fields.putShort(6, (short) sequence);
        if (family == IpFamily.IPV4) {
            fields.putShort(2, checksum(message));
        }
        return message;
    }

    /** RFC 1071. */
    private static short checksum(byte[] message) {
        long sum = 0;
        for (int at = 0; at < message.length; at++) {
            sum += at % 2 == 0 ? (message[at] & 0xff) << 8 : message[at] & 0xff;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (short) ~sum;
    }
}
