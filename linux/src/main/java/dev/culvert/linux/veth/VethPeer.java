package dev.culvert.linux.veth;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.tun.TunDevice;

/**
 * The other end of a veth pair. Stateless; any platform thread, in the namespace of the end that is
 * known.
 *
 * <p>The kernel tells a number of the namespace that the other end is in, but gives no way from the
 * number to the namespace, and its path is out of reach where the processes in it are not visible.
 * But a link can be moved there by that number, and a TUN device says where it is: so one is made
 * for the moment, moved and asked. It never comes up and goes with its descriptor.
 */
public final class VethPeer {
    /** Not one that anybody else would choose. */
    private static final String MESSENGER = "cvmessenger";

    private VethPeer() {}

    /**
     * Opens the namespace of the other end.
     *
     * @param veth the name of the end in the calling thread's namespace
     * @throws LinuxException with {@code ENODEV} if there is no such pair, {@code EINVAL} before
     *     Linux 5.2
     */
    public static synchronized NetworkNamespace openNamespace(String veth) throws LinuxException {
        try (KernelRtnetlink here = KernelRtnetlink.open();
                Descriptor messenger = TunDevice.openTemporary(MESSENGER)) {
            Link link =
                    here.link(MESSENGER)
                            .orElseThrow(
                                    () -> new LinuxException("netlink", Errno.ENODEV, MESSENGER));
            here.moveToPeerOf(link.index(), veth);
            return NetworkNamespace.of(TunDevice.namespaceOf(messenger));
        }
    }
}
