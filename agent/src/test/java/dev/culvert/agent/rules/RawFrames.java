package dev.culvert.agent.rules;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.netns.NetworkNamespace;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sends whole frames by an interface, past the IP stack, so that they may say anything. One thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/packet.7.html">packet(7)</a>
 */
final class RawFrames implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOCKADDR_LL_BYTES = 20;

    private final Descriptor descriptor;

    private RawFrames(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /** Sends by this device of the namespace. */
    static RawFrames open(NetworkNamespace namespace, String device) throws Exception {
        return namespace.call(() -> open(device));
    }

    private static RawFrames open(String device) throws LinuxException {
        int number =
                LinuxException.check(
                        LibC.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "socket", "AF_PACKET");
        RawFrames frames = new RawFrames(Descriptor.own(number, "packet socket on " + device));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SOCKADDR_LL_BYTES, 4);
            address.set(JAVA_SHORT, 0, (short) AF_PACKET);
            address.set(JAVA_INT, 4, LibC.ifNameToIndex(device));
            LinuxException.check(LibC.bind(number, address), "bind", device);
            return frames;
        } catch (LinuxException | RuntimeException e) {
            frames.close();
            throw e;
        }
    }

    /** Sends one, from its destination's hardware address on. */
    void send(byte[] frame) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, frame);
            LinuxException.check(
                    LibC.write(descriptor.number(), bytes.address(), frame.length),
                    "write",
                    "a frame of %d bytes".formatted(frame.length));
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
