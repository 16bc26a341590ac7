package dev.culvert.agent.sync;

import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import java.net.Inet6Address;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the bridge and the tunnel need alike of links and addresses. The sync thread's only.
 *
 * <p>It remembers what it made of each device, so that it knows what others changed since.
 */
final class KernelLinks {
    private final Rtnetlink rtnetlink;
    private final Repairs repairs;
    private final Map<Integer, List<Address>> addressed = new HashMap<>();
    private final Map<Integer, Integer> settled = new HashMap<>();

    KernelLinks(Rtnetlink rtnetlink, Repairs repairs) {
        this.rtnetlink = rtnetlink;
        this.repairs = repairs;
    }

    /** The devices that are there now; what is remembered of others is forgotten. */
    void forgetAllBut(int linkIndex) {
        addressed.keySet().removeIf(index -> index != linkIndex);
        settled.keySet().removeIf(index -> index != linkIndex);
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
        List<Address> before = addressed.get(link.index());
        for (Address address : present) {
            if (isMissingIn(desired, address)) {
                rtnetlink.deleteAddress(address);
                repaired(link, address, before != null && isMissingIn(before, address));
            }
        }
        for (Address address : desired) {
            if (isMissingIn(present, address)) {
                rtnetlink.ensureAddress(address);
                repaired(link, address, before != null && !isMissingIn(before, address));
            }
        }
        addressed.put(link.index(), desired);
    }

    private void repaired(Link link, Address address, boolean foreign) {
        if (foreign) {
            repairs.add(
                    RepairKind.ADDRESS,
                    "%s/%d of %s"
                            .formatted(
                                    address.local().getHostAddress(),
                                    address.prefixLength(),
                                    link.name()));
        }
    }

    private static boolean isMissingIn(List<Address> addresses, Address address) {
        return addresses.stream().noneMatch(each -> same(each, address));
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
            Integer before = settled.get(link.index());
            if (before != null && (before == mtu || !link.up())) {
                repairs.add(
                        RepairKind.LINK,
                        "%s was %s with an MTU of %d"
                                .formatted(link.name(), link.up() ? "up" : "down", link.mtu()));
            }
        }
        settled.put(link.index(), mtu);
    }

    private static boolean isLinkLocal(Address address) {
        return address.local() instanceof Inet6Address ip && ip.isLinkLocalAddress();
    }

    private static boolean same(Address one, Address other) {
        return one.local().equals(other.local()) && one.prefixLength() == other.prefixLength();
    }
}
