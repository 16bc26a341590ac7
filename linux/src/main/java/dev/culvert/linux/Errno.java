package dev.culvert.linux;

/**
 * An error number of Linux with its symbol. Immutable, any thread.
 *
 * @param number as in {@code asm-generic/errno.h}, the same on every 64-bit platform we run on
 * @see <a href="https://man7.org/linux/man-pages/man3/errno.3.html">errno(3)</a>
 */
public record Errno(int number) {
    public static final Errno EPERM = new Errno(1);
    public static final Errno ENOENT = new Errno(2);
    public static final Errno ESRCH = new Errno(3);
    public static final Errno EINTR = new Errno(4);
    public static final Errno EIO = new Errno(5);
    public static final Errno ENXIO = new Errno(6);
    public static final Errno EBADF = new Errno(9);
    public static final Errno EAGAIN = new Errno(11);
    public static final Errno ENOMEM = new Errno(12);
    public static final Errno EACCES = new Errno(13);
    public static final Errno EBUSY = new Errno(16);
    public static final Errno EEXIST = new Errno(17);
    public static final Errno ENODEV = new Errno(19);
    public static final Errno EINVAL = new Errno(22);
    public static final Errno ENOTTY = new Errno(25);
    public static final Errno EROFS = new Errno(30);
    public static final Errno EPIPE = new Errno(32);
    public static final Errno ERANGE = new Errno(34);
    public static final Errno ENAMETOOLONG = new Errno(36);
    public static final Errno EMSGSIZE = new Errno(90);
    public static final Errno EPROTONOSUPPORT = new Errno(93);
    public static final Errno EOPNOTSUPP = new Errno(95);
    public static final Errno EAFNOSUPPORT = new Errno(97);
    public static final Errno EADDRINUSE = new Errno(98);
    public static final Errno EADDRNOTAVAIL = new Errno(99);
    public static final Errno ENETDOWN = new Errno(100);
    public static final Errno ENETUNREACH = new Errno(101);
    public static final Errno ENOBUFS = new Errno(105);
    public static final Errno ETIMEDOUT = new Errno(110);
    public static final Errno ECONNREFUSED = new Errno(111);
    public static final Errno EHOSTUNREACH = new Errno(113);

    public static final Errno ECONNABORTED = new Errno(103);

    private static final String[] SYMBOLS = {
        "1 EPERM Operation not permitted",
        "2 ENOENT No such file or directory",
        "3 ESRCH No such process or route",
        "4 EINTR Interrupted system call",
        "5 EIO Input/output error",
        "6 ENXIO No such device or address",
        "7 E2BIG Argument list too long",
        "9 EBADF Bad file descriptor",
        "11 EAGAIN Resource temporarily unavailable",
        "12 ENOMEM Cannot allocate memory",
        "13 EACCES Permission denied",
        "14 EFAULT Bad address",
        "16 EBUSY Device or resource busy",
        "17 EEXIST File exists",
        "19 ENODEV No such device",
        "20 ENOTDIR Not a directory",
        "21 EISDIR Is a directory",
        "22 EINVAL Invalid argument",
        "23 ENFILE Too many open files in system",
        "24 EMFILE Too many open files",
        "25 ENOTTY Inappropriate ioctl for device",
        "28 ENOSPC No space left on device",
        "30 EROFS Read-only file system",
        "32 EPIPE Broken pipe",
        "34 ERANGE Numerical result out of range",
        "36 ENAMETOOLONG File name too long",
        "38 ENOSYS Function not implemented",
        "61 ENODATA No data available",
        "71 EPROTO Protocol error",
        "77 EBADFD File descriptor in bad state",
        "88 ENOTSOCK Socket operation on non-socket",
        "89 EDESTADDRREQ Destination address required",
        "90 EMSGSIZE Message too long",
        "92 ENOPROTOOPT Protocol not available",
        "93 EPROTONOSUPPORT Protocol not supported",
        "95 EOPNOTSUPP Operation not supported",
        "97 EAFNOSUPPORT Address family not supported by protocol",
        "98 EADDRINUSE Address already in use",
        "99 EADDRNOTAVAIL Cannot assign requested address",
        "100 ENETDOWN Network is down",
        "101 ENETUNREACH Network is unreachable",
        "103 ECONNABORTED Software caused connection abort",
        "104 ECONNRESET Connection reset by peer",
        "105 ENOBUFS No buffer space available",
        "107 ENOTCONN Transport endpoint is not connected",
        "110 ETIMEDOUT Connection timed out",
        "111 ECONNREFUSED Connection refused",
        "113 EHOSTUNREACH No route to host",
        "114 EALREADY Operation already in progress",
        "115 EINPROGRESS Operation now in progress",
    };

    /** The errno with this (positive) number. */
    public static Errno of(int number) {
        return new Errno(number);
    }

    /**
     * The symbol, for example {@code ENODEV}; {@code errno 77} when this class has no name for it.
     */
    public String symbol() {
        String[] entry = entry();
        return entry.length == 0 ? "errno " + number : entry[1];
    }

    /** What the man page says it means. */
    public String description() {
        String[] entry = entry();
        return entry.length == 0 ? "see errno(3)" : entry[2];
    }

    private String[] entry() {
        String prefix = number + " ";
        for (String each : SYMBOLS) {
            if (each.startsWith(prefix)) {
                return each.split(" ", 3);
            }
        }
        return new String[0];
    }

    @Override
    public String toString() {
        return symbol();
    }
}
