package dev.culvert.agent.sync;

import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import java.net.Inet6Address;
import java.util.List;

/** What the bridge and the tunnel need alike of links and addresses. The sync thread's only. */
final class KernelLinks {
    private final Rtnetlink rtnetlink;

    KernelLinks(Rtnetlink rtnetlink) {
        this.rtnetlink = rtnetlink;
    }

    /** The link with this name, which another synchronizer makes. */
    Link require(String name) throws IOException {
        return rtnetlink
                .link(name)
                .orElseThrow(
                        () -> new NotReadyException("the device %s is not there".formatted(name)));
    }

    /** Gives {@code link} exactly these addresses; IPv6 link-local ones stay. */
    void addresses(Link link, List<Address> desired) throws IOException {
        List<Address> present =
                rtnetlink.addresses().stream()
                        .filter(address -> address.linkIndex() == link.index())
                        .filter(address -> !isLinkLocal(address))
                        .toList();
        for (Address address : present) {
            if (desired.stream().noneMatch(each -> same(each, address))) {
                rtnetlink.deleteAddress(address);
            }
        }
        for (Address address : desired) {
            if (present.stream().noneMatch(each -> same(each, address))) {
                rtnetlink.ensureAddress(address);
            }
        }
    }

    /**
     * IPv6 on a device of ours: switched on, with our addresses alone, and those at once. What a
     * pod says as a router must not change how the node reaches others.
     */
    void prepareIpv6(KernelSettings settings, Link link) throws IOException {
        String path = "net/ipv6/conf/" + link.name() + "/";
        for (String each : List.of("disable_ipv6", "accept_ra", "accept_dad")) {
            if (settings.exists(path + each)) {
                settings.ensure(path + each, "0");
            }
        }
    }

    /** Sets MTU and up where they differ. */
    void settle(Link link, int mtu) throws IOException {
        LinkChange change = LinkChange.NONE;
        if (link.mtu() != mtu) {
            change = change.withMtu(mtu);
        }
        if (!link.up()) {
            change = change.withUp(true);
        }
        if (!change.equals(LinkChange.NONE)) {
            rtnetlink.changeLink(link.index(), change);
        }
    }

    private static boolean isLinkLocal(Address address) {
        return address.local() instanceof Inet6Address ip && ip.isLinkLocalAddress();
    }

    private static boolean same(Address one, Address other) {
        return one.local().equals(other.local()) && one.prefixLength() == other.prefixLength();
    }
}
