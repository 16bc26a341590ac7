package dev.culvert.overlay;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.netns.NetworkNamespace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Whole frames from and to one interface, past the IP stack. One thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/packet.7.html">packet(7)</a>
 */
final class RawSocket implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int ETH_P_ALL = 3;
    private static final int SOCKADDR_LL_BYTES = 20;
    private static final int BUFFER_BYTES = 32 << 20;

    private final Descriptor descriptor;

    private RawSocket(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /** Sends only; each frame begins with a virtio-net header if {@code virtio}. */
    static RawSocket sender(NetworkNamespace namespace, String device, boolean virtio)
            throws Exception {
        RawSocket socket = namespace.call(() -> open(device, 0));
        if (virtio) {
            socket.set(SOL_PACKET, PACKET_VNET_HDR, 1);
        }
        return socket;
    }

    /** Sends, and receives what arrives at the interface. */
    static RawSocket both(NetworkNamespace namespace, String device) throws Exception {
        return namespace.call(() -> open(device, ETH_P_ALL));
    }

    private static RawSocket open(String device, int protocol) throws LinuxException {
        int number =
                LinuxException.check(
                        LibC.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                        "socket",
                        "AF_PACKET");
        RawSocket socket = new RawSocket(Descriptor.own(number, "packet socket on " + device));
        socket.set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
        socket.set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
        socket.set(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SOCKADDR_LL_BYTES, 4);
            address.set(JAVA_SHORT, 0, (short) AF_PACKET);
            address.set(JAVA_SHORT, 2, Short.reverseBytes((short) protocol));
            address.set(JAVA_INT, 4, LibC.ifNameToIndex(device));
            LinuxException.check(LibC.bind(number, address), "bind", device);
        }
        return socket;
    }

    private void set(int level, int option, int value) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            LinuxException.check(
                    LibC.setsockopt(number(), level, option, arena.allocateFrom(JAVA_INT, value)),
                    "setsockopt",
                    "packet socket, option " + option);
        }
    }

    int number() {
        return descriptor.number();
    }

    /** Sends one frame; a negated errno if it was not taken. */
    long send(long address, long length) {
        return LibC.write(number(), address, length);
    }

    /** Takes one frame; a negated errno if there is none. */
    long receive(long address, long capacity) {
        return LibC.read(number(), address, capacity);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
