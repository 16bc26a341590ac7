package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A classic BPF program that lets UDP packets to one port pass, over IPv4 without options or IPv6
 * without extension headers, as an overlay sends them. Stateless.
 *
 * @see <a href="https://docs.kernel.org/networking/filter.html">Linux socket filtering</a>, {@code
 *     linux/filter.h}
 */
final class UdpPortFilter {
    /** Loads of a byte and of two at a place, and a return: {@code BPF_LD | BPF_ABS} and so on. */
    private static final int LOAD_BYTE = 0x30;

    private static final int LOAD_SHORT = 0x28;
    private static final int SHIFT_RIGHT = 0x74;
    private static final int JUMP_EQUAL = 0x15;
    private static final int RETURN = 0x06;

    /** {@code SKF_NET_OFF}: places count from the network header, whatever the link's is. */
    private static final int NETWORK = -0x100000;

    private static final int EVERYTHING = 0x40000;
    private static final int UDP = 17;
    private static final int INSTRUCTION_BYTES = 8;
    private static final int PROGRAM_BYTES = 16;

    private UdpPortFilter() {}

    static void attach(Descriptor socket, int option, int port) throws LinuxException {
        int[][] program = {
            {LOAD_BYTE, 0, 0, NETWORK},
            {SHIFT_RIGHT, 0, 0, 4},
            {JUMP_EQUAL, 4, 0, 6}, // the version
            {LOAD_BYTE, 0, 0, NETWORK + 9},
            {JUMP_EQUAL, 0, 6, UDP},
            {LOAD_SHORT, 0, 0, NETWORK + 22},
            {JUMP_EQUAL, 5, 4, port},
            {LOAD_BYTE, 0, 0, NETWORK + 6},
            {JUMP_EQUAL, 0, 2, UDP},
            {LOAD_SHORT, 0, 0, NETWORK + 42},
            {JUMP_EQUAL, 1, 0, port},
            {RETURN, 0, 0, 0},
            {RETURN, 0, 0, EVERYTHING},
        };
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment code = arena.allocate((long) program.length * INSTRUCTION_BYTES, 8);
            for (int i = 0; i < program.length; i++) {
                long at = (long) i * INSTRUCTION_BYTES;
                code.set(JAVA_SHORT, at, (short) program[i][0]);
                code.set(JAVA_BYTE, at + 2, (byte) program[i][1]);
                code.set(JAVA_BYTE, at + 3, (byte) program[i][2]);
                code.set(JAVA_INT, at + 4, program[i][3]);
            }
            MemorySegment whole = arena.allocate(PROGRAM_BYTES, 8);
            whole.set(JAVA_SHORT, 0, (short) program.length);
            whole.set(JAVA_LONG, 8, code.address());
            LinuxException.check(
                    LibC.setsockopt(socket.number(), SocketOptions.SOL_SOCKET, option, whole),
                    "setsockopt(SO_ATTACH_FILTER)",
                    socket.toString());
        }
    }
}
