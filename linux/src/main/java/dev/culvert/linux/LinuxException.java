package dev.culvert.linux;

import java.io.IOException;

/**
 * A call to the kernel that failed: which call, with which errno, on what. Immutable.
 *
 * <p>The message reads {@code "socket(AF_NETLINK): EPERM (Operation not permitted)"}: whoever logs
 * it needs to add nothing.
 */
public final class LinuxException extends IOException {
    private final String call;
    private final Errno errno;
    private final String object;

    /**
     * @param call the man page's name of the call or operation, for example {@code "bind"}
     * @param errno why it failed
     * @param object what it was called on, for example {@code "udp 0.0.0.0:4789"}; may be empty
     */
    public LinuxException(String call, Errno errno, String object) {
        super("%s(%s): %s (%s)".formatted(call, object, errno.symbol(), errno.description()));
        this.call = call;
        this.errno = errno;
        this.object = object;
    }

    /**
     * Passes the result of a {@link dev.culvert.linux.libc.LibC} call through.
     *
     * @return {@code result}, when it is not negative
     * @throws LinuxException when {@code result} is a negated errno
     */
    public static int check(long result, String call, String object) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, Errno.of((int) -result), object);
        }
        return Math.toIntExact(result);
    }

    /** The call that failed. */
    public String call() {
        return call;
    }

    /** Why it failed. */
    public Errno errno() {
        return errno;
    }

    /** What the call was made on. */
    public String object() {
        return object;
    }
}
