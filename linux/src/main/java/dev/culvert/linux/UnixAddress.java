package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Makes sockets and addresses of family {@code AF_UNIX} ({@code linux/un.h}). Stateless. */
final class UnixAddress {
    static final int SOCK_CLOEXEC = 0x80000;
    static final int SOCK_NONBLOCK = 0x800;
    private static final short AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int PATH_OFFSET = 2;

    /** With the zero byte that ends it. */
    private static final int PATH_SIZE = 108;

    private UnixAddress() {}

    static Descriptor newSocket(String object, int flags) throws LinuxException {
        int result = LibC.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
        return Descriptor.own(LinuxException.check(result, "socket", object), object);
    }

    static MemorySegment encode(Arena arena, Path path) throws LinuxException {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length >= PATH_SIZE) {
            throw new LinuxException(
                    "bind or connect",
                    Errno.ENAMETOOLONG,
                    "unix '%s': a socket's path has 1 to %d bytes, this one %d"
                            .formatted(path, PATH_SIZE - 1, bytes.length));
        }
        MemorySegment address = arena.allocate(PATH_OFFSET + PATH_SIZE, Short.BYTES);
        address.set(JAVA_SHORT, 0, AF_UNIX);
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, PATH_OFFSET, bytes.length);
        return address;
    }
}
