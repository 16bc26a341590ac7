package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;

/**
 * {@code struct sockaddr_in} and {@code struct sockaddr_in6} in memory. Stateless, any thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
 * @see <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
 */
public final class SocketAddresses {
    /** {@code sizeof(struct sockaddr_in6)}: room for either. */
    public static final int MAX_BYTES = 28;

    private static final int IPV4_BYTES = 16;
    private static final int FAMILY_OFFSET = 0;
    private static final int PORT_OFFSET = 2;

    /** {@code sin_addr}. */
    public static final int IPV4_ADDRESS_OFFSET = 4;

    /** {@code sin6_addr}. */
    public static final int IPV6_ADDRESS_OFFSET = 8;

    private static final int SCOPE_OFFSET = 24;
    private static final ValueLayout.OfShort PORT =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddresses() {}

    /** A new structure, of exactly its own size, for {@code address}. */
    public static MemorySegment allocate(Arena arena, InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        IpFamily family = IpFamily.of(ip);
        boolean ipv4 = family == IpFamily.IPV4;
        MemorySegment result = arena.allocate(ipv4 ? IPV4_BYTES : MAX_BYTES, 4);
        result.set(JAVA_SHORT_UNALIGNED, FAMILY_OFFSET, (short) family.addressFamily());
        result.set(PORT, PORT_OFFSET, (short) address.getPort());
        MemorySegment.copy(
                MemorySegment.ofArray(ip.getAddress()),
                0,
                result,
                ipv4 ? IPV4_ADDRESS_OFFSET : IPV6_ADDRESS_OFFSET,
                family.addressBytes());
        if (ip instanceof Inet6Address scoped) {
            result.set(JAVA_INT_UNALIGNED, SCOPE_OFFSET, scoped.getScopeId());
        }
        return result;
    }

    /** Whether the structure at {@code offset} is a {@code sockaddr_in}. */
    public static boolean isIpv4(MemorySegment memory, long offset) {
        return memory.get(JAVA_SHORT_UNALIGNED, offset + FAMILY_OFFSET)
                == (short) IpFamily.IPV4.addressFamily();
    }

    /** Reads a structure, for messages and control paths. */
    public static InetSocketAddress read(MemorySegment memory, long offset) {
        boolean ipv4 = isIpv4(memory, offset);
        byte[] bytes = new byte[(ipv4 ? IpFamily.IPV4 : IpFamily.IPV6).addressBytes()];
        MemorySegment.copy(
                memory,
                JAVA_BYTE,
                offset + (ipv4 ? IPV4_ADDRESS_OFFSET : IPV6_ADDRESS_OFFSET),
                bytes,
                0,
                bytes.length);
        return new InetSocketAddress(
                IpAddresses.of(bytes), memory.get(PORT, offset + PORT_OFFSET) & 0xffff);
    }
}
