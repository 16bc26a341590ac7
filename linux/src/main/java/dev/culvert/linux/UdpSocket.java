package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culvert.linux.libc.LibC;
import dev.culvert.net.IpFamily;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/**
 * A non-blocking UDP socket of the network namespace that the opening thread was in. Options may be
 * set from any thread; {@link #close} is idempotent.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
 */
public final class UdpSocket implements AutoCloseable {
    /** {@code SOL_UDP}. */
    public static final int SOL_UDP = 17;

    /** {@code UDP_SEGMENT}: the size of the datagrams that one send is cut into. */
    public static final int UDP_SEGMENT = 103;

    /** {@code UDP_GRO}: receive equal datagrams of one flow together. */
    public static final int UDP_GRO = 104;

    /** {@code SOL_SOCKET}. */
    public static final int SOL_SOCKET = 1;

    /** {@code SO_RXQ_OVFL}: how many datagrams the socket has dropped. */
    public static final int SO_RXQ_OVFL = 40;

    /** {@code IPPROTO_IP}. */
    public static final int IPPROTO_IP = 0;

    /** {@code IP_TOS}. */
    public static final int IP_TOS = 1;

    /** {@code IPPROTO_IPV6}. */
    public static final int IPPROTO_IPV6 = 41;

    /** {@code IPV6_TCLASS}. */
    public static final int IPV6_TCLASS = 67;

    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int IP_RECVTOS = 13;
    private static final int IPV6_RECVTCLASS = 66;
    private static final int SO_REUSEPORT = 15;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int IP_MTU_DISCOVER = 10;
    private static final int IPV6_MTU_DISCOVER = 23;
    private static final int IPV6_V6ONLY = 26;
    private static final int PMTUDISC_DONT = 0;

    private final Descriptor descriptor;
    private final IpFamily family;

    private UdpSocket(Descriptor descriptor, IpFamily family) {
        this.descriptor = descriptor;
        this.family = family;
    }

    /** Opens an unbound socket; IPv6 ones take no IPv4. */
    public static UdpSocket open(IpFamily family) throws LinuxException {
        String object = family == IpFamily.IPV4 ? "udp" : "udp6";
        int number =
                LinuxException.check(
                        LibC.socket(
                                family.addressFamily(),
                                SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                0),
                        "socket",
                        object);
        UdpSocket socket = new UdpSocket(Descriptor.own(number, object), family);
        if (family == IpFamily.IPV6) {
            try {
                socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
            } catch (LinuxException e) {
                socket.close();
                throw e;
            }
        }
        return socket;
    }

    /** Binds it. */
    public void bind(InetSocketAddress address) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            LinuxException.check(
                    LibC.bind(number(), SocketAddresses.allocate(arena, address)),
                    "bind",
                    "udp %s port %d"
                            .formatted(address.getAddress().getHostAddress(), address.getPort()));
        }
    }

    /** Lets several sockets share the port; the kernel spreads flows over them. */
    public void reusePort() throws LinuxException {
        set(SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    }

    /** Takes datagrams of one flow together, with the segment size as a control message. */
    public void enableGro() throws LinuxException {
        set(SOL_UDP, UDP_GRO, 1, "UDP_GRO");
    }

    /** Has the TOS byte or traffic class of each message told in a control message. */
    public void reportTrafficClass() throws LinuxException {
        if (family == IpFamily.IPV4) {
            set(IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS");
        } else {
            set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
        }
    }

    /** Has the number of datagrams dropped so far told in a control message, once there are any. */
    public void reportOverflow() throws LinuxException {
        set(SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL");
    }

    /** Never sets DF on what it sends, as the kernel's vxlan device does by default. */
    public void neverDontFragment() throws LinuxException {
        if (family == IpFamily.IPV4) {
            set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT, "IP_MTU_DISCOVER");
        } else {
            set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DONT, "IPV6_MTU_DISCOVER");
        }
    }

    /** Asks for a receive buffer of this size, beyond the system's limit when permitted. */
    public void receiveBuffer(int bytes) throws LinuxException {
        forceOrSet(SO_RCVBUFFORCE, SO_RCVBUF, bytes, "SO_RCVBUF");
    }

    /** Asks for a send buffer of this size, beyond the system's limit when permitted. */
    public void sendBuffer(int bytes) throws LinuxException {
        forceOrSet(SO_SNDBUFFORCE, SO_SNDBUF, bytes, "SO_SNDBUF");
    }

    /** Whether the kernel knows {@code UDP_SEGMENT}. */
    public boolean knowsSegmentation() {
        return trySet(SOL_UDP, UDP_SEGMENT, 0) >= 0;
    }

    /** The level of control messages that carry the TOS byte or traffic class. */
    public int trafficClassLevel() {
        return family == IpFamily.IPV4 ? IPPROTO_IP : IPPROTO_IPV6;
    }

    /** The type of control messages that carry the TOS byte or traffic class. */
    public int trafficClassType() {
        return family == IpFamily.IPV4 ? IP_TOS : IPV6_TCLASS;
    }

    /** The address family that it was opened for. */
    public IpFamily family() {
        return family;
    }

    /** The descriptor's number. */
    public int number() {
        return descriptor.number();
    }

    /** What its queues hold; none once it is closed. Any thread. */
    public SocketMemory memory() {
        return SocketMemory.of(descriptor);
    }

    /** The address that it is bound to. */
    public InetSocketAddress localAddress() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketAddresses.MAX_BYTES, 4);
            MemorySegment length = arena.allocateFrom(JAVA_INT, SocketAddresses.MAX_BYTES);
            LinuxException.check(LibC.getsockname(number(), address, length), "getsockname", "udp");
            return SocketAddresses.read(address, 0);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }

    private void forceOrSet(int force, int plain, int bytes, String name) throws LinuxException {
        if (trySet(SOL_SOCKET, force, bytes) < 0) {
            set(SOL_SOCKET, plain, bytes, name);
        }
    }

    private void set(int level, int option, int value, String name) throws LinuxException {
        LinuxException.check(trySet(level, option, value), "setsockopt", "udp, " + name);
    }

    private int trySet(int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return LibC.setsockopt(number(), level, option, arena.allocateFrom(JAVA_INT, value));
        }
    }
}
