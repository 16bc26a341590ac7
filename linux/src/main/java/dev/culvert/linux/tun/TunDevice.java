package dev.culvert.linux.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Opens queues of a persistent multi-queue TUN device, which is created with the first one. The
 * device belongs to the network namespace of the thread that opens the queue; the queue then works
 * from any thread. Stateless.
 *
 * @see <a href="https://docs.kernel.org/networking/tuntap.html">Universal TUN/TAP device driver</a>
 */
public final class TunDevice {
    private static final String PATH = "/dev/net/tun";
    private static final int O_RDWR = 2;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETPERSIST = 0x400454cbL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNGETDEVNETNS = 0x54e3L;
    private static final int IFF_TUN = 0x0001;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int IFF_TUN_EXCL = 0x8000;
    private static final int IFREQ_BYTES = 40;
    private static final int IFREQ_FLAGS_OFFSET = 16;
    private static final int NAME_LIMIT = 15;

    private TunDevice() {}

    /**
     * Opens one more queue of the device {@code name} and makes the device outlive its queues.
     *
     * @param wanted offloads to ask for; what this kernel does not know is left out
     * @throws LinuxException from {@code open} when there is no {@code /dev/net/tun} or no
     *     permission, from {@code TUNSETIFF} with {@code EINVAL} when a device of that name is of
     *     another kind
     */
    public static TunQueue openQueue(String name, TunFeatures wanted) throws LinuxException {
        Descriptor descriptor = open(name);
        try {
            attach(descriptor, name, IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE);
            LinuxException.check(
                    LibC.ioctl(descriptor.number(), TUNSETPERSIST, 1), "TUNSETPERSIST", name);
            return new TunQueue(name, descriptor, grant(descriptor, wanted, name));
        } catch (LinuxException e) {
            descriptor.close();
            throw e;
        }
    }

    /**
     * Makes a device that lives no longer than the descriptor and carries no packets.
     *
     * @throws LinuxException as {@link #openQueue}, and with {@code EBUSY} when there is such a
     *     device
     */
    public static Descriptor openTemporary(String name) throws LinuxException {
        Descriptor descriptor = open(name);
        try {
            attach(descriptor, name, IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
            return descriptor;
        } catch (LinuxException e) {
            descriptor.close();
            throw e;
        }
    }

    /**
     * A descriptor of the network namespace that the device is in now, wherever it was moved.
     *
     * @throws LinuxException with {@code EINVAL} before Linux 5.2
     */
    public static Descriptor namespaceOf(Descriptor device) throws LinuxException {
        int number =
                LinuxException.check(
                        LibC.ioctl(device.number(), TUNGETDEVNETNS, 0),
                        "TUNGETDEVNETNS",
                        device.toString());
        return Descriptor.own(number, "network namespace of " + device);
    }

    private static Descriptor open(String name) throws LinuxException {
        if (name.isEmpty() || name.getBytes(StandardCharsets.UTF_8).length > NAME_LIMIT) {
            throw new IllegalArgumentException(
                    "an interface name has 1 to 15 bytes: '" + name + "'");
        }
        return Descriptor.own(
                LinuxException.check(
                        LibC.open(PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0), "open", PATH),
                "tun " + name);
    }

    private static void attach(Descriptor descriptor, String name, int flags)
            throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(IFREQ_BYTES, 8);
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
            request.set(JAVA_SHORT, IFREQ_FLAGS_OFFSET, (short) flags);
            LinuxException.check(
                    LibC.ioctl(descriptor.number(), TUNSETIFF, request), "TUNSETIFF", name);
        }
    }

    private static TunFeatures grant(Descriptor descriptor, TunFeatures wanted, String name)
            throws LinuxException {
        if (LibC.ioctl(descriptor.number(), TUNSETOFFLOAD, wanted.bits()) >= 0) {
            return wanted;
        }
        TunFeatures fewer = wanted.udp() ? wanted.withoutUdp() : TunFeatures.NONE;
        if (wanted.equals(TunFeatures.NONE)) {
            LinuxException.check(
                    LibC.ioctl(descriptor.number(), TUNSETOFFLOAD, 0), "TUNSETOFFLOAD", name);
        }
        return grant(descriptor, fewer, name);
    }
}
