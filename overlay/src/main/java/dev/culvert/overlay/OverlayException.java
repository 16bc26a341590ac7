package dev.culvert.overlay;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import java.io.IOException;

/**
 * The data path could not be opened. The message is one sentence that says what is wrong and what
 * to do; the cause is the failed call. Immutable.
 */
public final class OverlayException extends IOException {

    private OverlayException(String message, LinuxException cause) {
        super(message, cause);
    }

    static OverlayException opening(OverlayConfig config, LinuxException cause) {
        return new OverlayException(advice(config, cause), cause);
    }

    private static String advice(OverlayConfig config, LinuxException cause) {
        Errno errno = cause.errno();
        boolean device = cause.object().startsWith("/dev/");
        if (device && (errno.equals(Errno.ENOENT) || errno.equals(Errno.ENXIO))) {
            return "there is no TUN device at "
                    + cause.object()
                    + ": load the kernel module (modprobe tun) and give the agent the device";
        }
        if (errno.equals(Errno.EPERM) || errno.equals(Errno.EACCES)) {
            return "no permission for %s: the agent needs the capability NET_ADMIN and access to /dev/net/tun"
                    .formatted(cause.getMessage());
        }
        if (cause.call().equals("bind") && errno.equals(Errno.EADDRINUSE)) {
            return ("UDP port %d is taken on this node, perhaps by another VXLAN device or network"
                            + " plugin: remove that, or set another 'port' for all nodes")
                    .formatted(config.port());
        }
        if (cause.call().equals("bind") && errno.equals(Errno.EADDRNOTAVAIL)) {
            return "the underlay address %s is not on this node's interfaces"
                    .formatted(config.localAddress().getHostAddress());
        }
        if (cause.call().equals("TUNSETIFF") && errno.equals(Errno.EINVAL)) {
            return ("a device named %s exists and is no multi-queue TUN device: delete it"
                            + " (ip link delete %s) or set another 'tunnel' name")
                    .formatted(config.tunName(), config.tunName());
        }
        return String.valueOf(cause.getMessage());
    }
}
