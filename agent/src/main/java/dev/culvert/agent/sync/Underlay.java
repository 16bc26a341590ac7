package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where this node meets the others: the address of its Node object that one of its links has.
 * Immutable.
 *
 * @param address the outer source
 * @param mtu what the network between the nodes carries
 */
record Underlay(InetAddress address, int mtu) {
    private static final int OVERHEAD_IPV4 = 50;
    private static final int OVERHEAD_IPV6 = 70;

    /** The largest packet of a pod. */
    int podMtu() {
        return mtu - (IpFamily.of(address) == IpFamily.IPV4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6);
    }

    /** Looks at the kernel; fails with a sentence where something does not fit. */
    static Underlay find(
            NodeInfo self, Collection<Cidr> podCidrs, AgentConfig config, Rtnetlink rtnetlink)
            throws IOException {
        List<Link> links =
                rtnetlink.links().stream()
                        .filter(link -> !link.name().equals(config.bridge()))
                        .filter(link -> !link.name().equals(config.tunnel()))
                        .toList();
        List<Address> addresses = rtnetlink.addresses();
        for (InetAddress ip : self.internalIps()) {
            for (Address address : addresses) {
                if (address.local().equals(ip)) {
                    for (Link link : links) {
                        if (link.index() == address.linkIndex()) {
                            refuseOverlap(podCidrs, addresses, links);
                            return new Underlay(ip, mtu(link, config, rtnetlink));
                        }
                    }
                }
            }
        }
        throw new NotReadyException(
                "none of the InternalIPs %s of node %s is on an interface of this machine"
                        .formatted(
                                self.internalIps().stream()
                                        .map(InetAddress::getHostAddress)
                                        .toList(),
                                self.name()));
    }

    private static void refuseOverlap(
            Collection<Cidr> podCidrs, List<Address> addresses, List<Link> links)
            throws NotReadyException {
        for (Address address : addresses) {
            for (Link link : links) {
                for (Cidr cidr : podCidrs) {
                    if (link.index() == address.linkIndex() && cidr.overlaps(address.network())) {
                        throw new NotReadyException(
                                ("podCIDR %s overlaps the network %s of interface %s: give the"
                                                + " node another podCIDR")
                                        .formatted(cidr, address.network(), link.name()));
                    }
                }
            }
        }
    }

    private static int mtu(Link link, AgentConfig config, Rtnetlink rtnetlink) throws IOException {
        if (config.underlayMtu() != 0) {
            return config.underlayMtu();
        }
        Stream<Integer> routes =
                rtnetlink.routes().stream()
                        .filter(route -> route.linkIndex() == link.index() && route.mtu() > 0)
                        .map(Route::mtu);
        return Stream.concat(Stream.of(link.mtu()), routes)
                .min(Integer::compare)
                .orElse(link.mtu());
    }
}
