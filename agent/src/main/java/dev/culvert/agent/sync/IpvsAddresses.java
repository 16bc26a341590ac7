package dev.culvert.agent.sync;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Rtnetlink;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The Services' addresses, which kube-proxy in IPVS mode puts on a device of each node: so they are
 * the node's own, and yet not the node. The sync thread's only.
 */
public final class IpvsAddresses implements Supplier<Set<InetAddress>> {
    private static final Logger LOG = LogManager.getLogger(IpvsAddresses.class);
    private static final String DEVICE = "kube-ipvs0";

    private final Rtnetlink rtnetlink;
    private Set<InetAddress> last = Set.of();

    /** Has not looked yet. */
    public IpvsAddresses(Rtnetlink rtnetlink) {
        this.rtnetlink = rtnetlink;
    }

    /** Those of this moment, or of the last one at which the kernel told. */
    @Override
    public Set<InetAddress> get() {
        try {
            last = read();
        } catch (LinuxException e) {
            LOG.warn("the addresses of {} cannot be read: {}", DEVICE, e.getMessage());
        }
        return last;
    }

    private Set<InetAddress> read() throws LinuxException {
        Optional<Link> device = rtnetlink.link(DEVICE);
        if (device.isEmpty()) {
            return Set.of();
        }
        Set<InetAddress> addresses = new HashSet<>();
        for (Address each : rtnetlink.addresses()) {
            if (each.linkIndex() == device.get().index() && !each.local().isLinkLocalAddress()) {
                addresses.add(each.local());
            }
        }
        return Set.copyOf(addresses);
    }
}
