package dev.culvert.linux.netlink;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.SocketOptions;
import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.libc.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * A {@code NETLINK_ROUTE} or {@code NETLINK_NETFILTER} socket. It belongs to the network namespace
 * of the thread that opened it, whichever thread uses it. One thread at a time.
 */
final class KernelTransport implements NetlinkTransport {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_ROUTE = 0;
    private static final int NETLINK_NETFILTER = 12;
    private static final int SOL_NETLINK = 270;
    private static final int NETLINK_ADD_MEMBERSHIP = 1;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int NETLINK_GET_STRICT_CHK = 12;
    private static final int SO_RCVBUF = 8;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int RECEIVE_BUFFER = 4 << 20;
    private static final int SOCKADDR_SIZE = 12;
    private static final int SOCKADDR_PORT = 4;
    private static final int MSG_PEEK = 0x02;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int FIRST_CAPACITY = 32 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Descriptor socket;
    private int capacity = FIRST_CAPACITY;

    private KernelTransport(Descriptor socket) {
        this.socket = socket;
    }

    static KernelTransport open() throws LinuxException {
        return open(NETLINK_ROUTE, "netlink route");
    }

    static KernelTransport openNetfilter() throws LinuxException {
        return open(NETLINK_NETFILTER, "netlink netfilter");
    }

    private static KernelTransport open(int protocol, String name) throws LinuxException {
        int number = LibC.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        LinuxException.check(number, "socket", "AF_NETLINK");
        Descriptor socket = Descriptor.own(number, name);
        try {
            configure(socket);
            return new KernelTransport(socket);
        } catch (LinuxException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void configure(Descriptor socket) throws LinuxException {
        int level = SocketOptions.SOL_SOCKET;
        if (SocketOptions.trySet(socket, level, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0) {
            SocketOptions.set(socket, level, SO_RCVBUF, RECEIVE_BUFFER);
        }
        SocketOptions.setTimeout(socket, SocketOptions.SO_RCVTIMEO, PATIENCE);
        SocketOptions.set(socket, SOL_NETLINK, NETLINK_EXT_ACK, 1);
        SocketOptions.set(socket, SOL_NETLINK, NETLINK_CAP_ACK, 1);
        // With strict checking, IPv6 dumps leave out the cached exceptions of path MTU discovery.
        SocketOptions.set(socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
        try (Arena arena = Arena.ofConfined()) {
            int result = LibC.bind(socket.number(), kernelAddress(arena));
            LinuxException.check(result, "bind", socket.toString());
        }
    }

    /** {@code struct sockaddr_nl} with port 0: the kernel, or "choose one" for bind(2). */
    private static MemorySegment kernelAddress(Arena arena) {
        MemorySegment address = arena.allocate(SOCKADDR_SIZE, Integer.BYTES);
        address.set(JAVA_SHORT, 0, (short) AF_NETLINK);
        return address;
    }

    void join(int group) throws LinuxException {
        SocketOptions.set(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    }

    Descriptor descriptor() {
        return socket;
    }

    @Override
    public void send(byte[] datagram) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocateFrom(JAVA_BYTE, datagram);
            Msghdr message = new Msghdr(arena, data).withName(kernelAddress(arena));
            long result;
            do {
                result = LibC.sendmsg(socket.number(), message.address(), 0);
            } while (result == -Errno.EINTR.number());
            LinuxException.check(result, "sendmsg", socket.toString());
        }
    }

    @Override
    public byte[] receive() throws LinuxException {
        byte[] datagram;
        do {
            grow(0);
            datagram = read(0);
        } while (datagram.length == 0);
        return datagram;
    }

    /** As {@link #receive}, but empty at once when there is nothing. */
    byte[] poll() throws LinuxException {
        try {
            grow(MSG_DONTWAIT);
            return read(MSG_DONTWAIT);
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.EAGAIN)) {
                return new byte[0];
            }
            throw e;
        }
    }

    /** Waits for a datagram and makes sure that it will fit. */
    private void grow(int flags) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            Msghdr message = new Msghdr(arena, arena.allocate(1));
            int length = recvmsg(message, flags | MSG_PEEK | Msghdr.MSG_TRUNC);
            capacity = Math.max(capacity, length);
        }
    }

    /** Reads one datagram; it counts as empty when another process sent it. */
    private byte[] read(int flags) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(capacity);
            MemorySegment from = arena.allocate(SOCKADDR_SIZE, Integer.BYTES);
            Msghdr message = new Msghdr(arena, data).withName(from);
            int length = recvmsg(message, flags);
            if (message.hasFlag(Msghdr.MSG_TRUNC)) {
                throw AttributeReader.malformed("cut off after " + length + " bytes");
            }
            boolean fromKernel = from.get(JAVA_INT, SOCKADDR_PORT) == 0;
            return fromKernel ? data.asSlice(0, length).toArray(JAVA_BYTE) : new byte[0];
        }
    }

    private int recvmsg(Msghdr message, int flags) throws LinuxException {
        long result;
        do {
            result = LibC.recvmsg(socket.number(), message.address(), flags);
        } while (result == -Errno.EINTR.number());
        return LinuxException.check(result, "recvmsg", socket.toString());
    }

    @Override
    public void close() {
        socket.close();
    }
}
