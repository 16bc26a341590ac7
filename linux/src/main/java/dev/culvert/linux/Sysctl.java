package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.culvert.linux.libc.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Kernel parameters under {@code /proc/sys}; those below {@code net} belong to the network
 * namespace of the <em>calling thread</em>. Stateless, any platform thread.
 *
 * <p>Container runtimes make {@code /proc/sys} read-only. What cannot be written there is written
 * under {@code /host/proc/sys} instead, where the node's {@code /proc/sys/net} can be mounted.
 *
 * <p>A key is written with slashes ({@code net/ipv4/conf/eth0.100/forwarding}) or with dots ({@code
 * net.ipv4.ip_forward}); whichever comes first separates, so that a key with an interface name,
 * which may hold dots, is written with slashes.
 *
 * @see <a href="https://man7.org/linux/man-pages/man8/sysctl.8.html">sysctl(8)</a>
 */
public final class Sysctl {
    private static final String ROOT = "/proc/sys/";
    private static final String MOUNTED = "/host/proc/sys/";
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_CLOEXEC = 0x80000;
    private static final int LONGEST_VALUE = 4096;

    private Sysctl() {}

    /**
     * The value without its line end.
     *
     * @throws LinuxException with {@code ENOENT} if there is no such key
     */
    public static String get(String key) throws LinuxException {
        try (Descriptor file = open(key, O_RDONLY);
                Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(LONGEST_VALUE);
            long result = LibC.read(file.number(), buffer.address(), LONGEST_VALUE);
            int length = LinuxException.check(result, "read", file.toString());
            byte[] bytes = buffer.asSlice(0, length).toArray(JAVA_BYTE);
            return new String(bytes, StandardCharsets.UTF_8).strip();
        }
    }

    /**
     * Writes a value.
     *
     * @throws LinuxException with {@code EINVAL} if the kernel does not take {@code value}
     */
    public static void set(String key, String value) throws LinuxException {
        try (Descriptor file = open(key, O_WRONLY);
                Arena arena = Arena.ofConfined()) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            MemorySegment buffer = arena.allocateFrom(JAVA_BYTE, bytes);
            long result = LibC.write(file.number(), buffer.address(), bytes.length);
            LinuxException.check(result, "write", "sysctl " + key + " = " + value);
        }
    }

    private static Descriptor open(String key, int access) throws LinuxException {
        String path = path(key);
        int result = LibC.open(ROOT + path, access | O_CLOEXEC, 0);
        if (result == -Errno.EROFS.number()) {
            int mounted = LibC.open(MOUNTED + path, access | O_CLOEXEC, 0);
            result = mounted < 0 ? result : mounted;
        }
        return Descriptor.own(
                LinuxException.check(result, "open", "sysctl " + key), "sysctl " + key);
    }

    static String path(String key) {
        int dot = key.indexOf('.');
        int slash = key.indexOf('/');
        boolean dotted = dot >= 0 && (slash < 0 || dot < slash);
        String path = dotted ? key.replace('.', '/') : key;
        boolean odd =
                Arrays.stream(path.split("/", -1))
                        .anyMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
        if (odd || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "'" + key + "' is no sysctl: write it as in net/ipv4/ip_forward");
        }
        return path;
    }
}
