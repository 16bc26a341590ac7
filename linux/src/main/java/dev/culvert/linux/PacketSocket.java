package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.libc.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Sees the IP packets that pass an interface, both ways, of the network namespace that it was
 * opened in. It takes copies: what passes is neither changed nor held up, and what does not fit the
 * socket's buffer is lost to the onlooker alone. One thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/packet.7.html">packet(7)</a>, {@code
 *     linux/if_packet.h}
 */
public final class PacketSocket implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int ETH_P_ALL = 3;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_TIMESTAMPNS = 35;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_STATISTICS = 6;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_OUTGOING = 4;
    private static final int ARPHRD_ETHER = 1;
    private static final int ARPHRD_LOOPBACK = 772;
    private static final int SOCKADDR_LL_BYTES = 20;
    private static final int ETHERNET_BYTES = 14;
    private static final int VIRTIO_BYTES = 10;
    private static final int LARGEST_PACKET = 68 << 10;
    private static final int CONTROL_BYTES = 64;
    private static final int CMSG_DATA = 16;
    private static final long NANOS = 1_000_000_000;
    private static final int BUFFER_BYTES = 8 << 20;

    private final Descriptor descriptor;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment data = arena.allocate(LARGEST_PACKET, Long.BYTES);
    private final MemorySegment control = arena.allocate(CONTROL_BYTES, Long.BYTES);
    private final MemorySegment sender = arena.allocate(SOCKADDR_LL_BYTES, Integer.BYTES);

    /** A packet as it passed. Whoever receives it owns it. */
    public static final class Packet {
        private final long nanos;
        private final boolean outgoing;
        private final byte[] bytes;
        private final int udpSegment;

        Packet(long nanos, boolean outgoing, byte[] bytes, int udpSegment) {
            this.nanos = nanos;
            this.outgoing = outgoing;
            this.bytes = bytes;
            this.udpSegment = udpSegment;
        }

        /** When, in nanoseconds since 1970. */
        public long nanos() {
            return nanos;
        }

        /** Whether the node sent it. */
        public boolean outgoing() {
            return outgoing;
        }

        /** From the IP header on; not a copy. */
        public byte[] bytes() {
            return bytes;
        }

        /** Payload bytes of each datagram when the packet stands for several, else 0. */
        public int udpSegment() {
            return udpSegment;
        }
    }

    private PacketSocket(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Begins to look at an interface; each {@link #receive} waits for at most {@code patience}.
     *
     * @param udpPort only UDP to this port; 0 for everything
     * @throws LinuxException with {@code EPERM} without {@code CAP_NET_RAW}
     */
    public static PacketSocket open(int linkIndex, int udpPort, Duration patience)
            throws LinuxException {
        String object = "packets of interface " + linkIndex;
        int number =
                LinuxException.check(
                        LibC.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "socket", object);
        PacketSocket socket = new PacketSocket(Descriptor.own(number, object));
        try {
            socket.prepare(udpPort, patience);
            socket.bind(linkIndex);
            return socket;
        } catch (LinuxException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void prepare(int udpPort, Duration patience) throws LinuxException {
        SocketOptions.set(descriptor, SOL_PACKET, PACKET_VNET_HDR, 1);
        SocketOptions.set(descriptor, SocketOptions.SOL_SOCKET, SO_TIMESTAMPNS, 1);
        var _ =
                SocketOptions.trySet(
                        descriptor, SocketOptions.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
        SocketOptions.setTimeout(descriptor, SocketOptions.SO_RCVTIMEO, patience);
        if (udpPort != 0) {
            UdpPortFilter.attach(descriptor, SO_ATTACH_FILTER, udpPort);
        }
    }

    private void bind(int linkIndex) throws LinuxException {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment address = temporary.allocate(SOCKADDR_LL_BYTES, Integer.BYTES);
            address.set(JAVA_SHORT, 0, (short) AF_PACKET);
            address.set(JAVA_SHORT, 2, Short.reverseBytes((short) ETH_P_ALL));
            address.set(JAVA_INT, 4, linkIndex);
            LinuxException.check(
                    LibC.bind(descriptor.number(), address), "bind", descriptor.toString());
        }
    }

    /**
     * The next IP packet.
     *
     * @return null when none came in time, or something that is no IP packet
     */
    public @Nullable Packet receive() throws LinuxException {
        try (Arena temporary = Arena.ofConfined()) {
            Msghdr message = new Msghdr(temporary, data).withName(sender).withControl(control);
            long result = LibC.recvmsg(descriptor.number(), message.address(), 0);
            // EINVAL is about one packet of a kind that virtio-net headers cannot tell of.
            if (result == -Errno.EAGAIN.number()
                    || result == -Errno.EINTR.number()
                    || result == -Errno.EINVAL.number()) {
                return null;
            }
            return packet(LinuxException.check(result, "recvmsg", descriptor.toString()), message);
        }
    }

    private @Nullable Packet packet(int length, Msghdr message) {
        int hardware = sender.get(JAVA_SHORT, 8) & 0xffff;
        boolean ethernet = hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK;
        int start = VIRTIO_BYTES + (ethernet ? ETHERNET_BYTES : 0);
        if (length <= start) {
            return null;
        }
        byte[] bytes = data.asSlice(start, length - start).toArray(JAVA_BYTE);
        int version = (bytes[0] & 0xf0) >> 4;
        if (version != 4 && version != 6) {
            return null;
        }
        boolean outgoing = sender.get(JAVA_BYTE, 10) == PACKET_OUTGOING;
        return new Packet(nanos(message), outgoing, bytes, udpSegment());
    }

    /** {@code struct virtio_net_hdr}: kind of super-packet, and the size of its parts. */
    private int udpSegment() {
        int udp = 5; // VIRTIO_NET_HDR_GSO_UDP_L4
        return (data.get(JAVA_BYTE, 1) & 0x7f) == udp ? data.get(JAVA_SHORT, 4) & 0xffff : 0;
    }

    /** {@code SCM_TIMESTAMPNS} is the only control message that was asked for. */
    private long nanos(Msghdr message) {
        return message.controlLength() < CMSG_DATA + 2L * Long.BYTES
                ? System.currentTimeMillis() * (NANOS / 1000)
                : control.get(JAVA_LONG, CMSG_DATA) * NANOS
                        + control.get(JAVA_LONG, CMSG_DATA + Long.BYTES);
    }

    /** Packets that did not fit the buffer since this was last asked. */
    public long dropped() throws LinuxException {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment counters = temporary.allocate(2L * Integer.BYTES, Integer.BYTES);
            MemorySegment length = temporary.allocateFrom(JAVA_INT, (int) counters.byteSize());
            LinuxException.check(
                    LibC.getsockopt(
                            descriptor.number(), SOL_PACKET, PACKET_STATISTICS, counters, length),
                    "getsockopt(PACKET_STATISTICS)",
                    descriptor.toString());
            return Integer.toUnsignedLong(counters.getAtIndex(JAVA_INT, 1));
        }
    }

    @Override
    public void close() {
        if (descriptor.isOpen()) {
            descriptor.close();
            arena.close();
        }
    }
}
