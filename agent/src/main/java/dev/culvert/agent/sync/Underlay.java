package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.InterfaceSelector;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.Notice;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where this node meets the others: the first address of its Node object that one of its links has,
 * else the one that the configured interface has. Immutable.
 *
 * @param link the name of the link
 * @param address the outer source
 * @param mtu what the network between the nodes carries
 */
record Underlay(String link, InetAddress address, int mtu) {
    private static final int OVERHEAD_IPV4 = 50;
    private static final int OVERHEAD_IPV6 = 70;

    /** An address of the node and the link that has it. */
    private record Candidate(Link link, Address address) {
        InetAddress ip() {
            return address.local();
        }

        /** Reachable from other machines. */
        boolean isUsable() {
            return link.up() && !ip().isLoopbackAddress() && !ip().isLinkLocalAddress();
        }

        @Override
        public String toString() {
            return "%s %s".formatted(link.name(), ip().getHostAddress());
        }
    }

    /** The largest packet of a pod. */
    int podMtu() {
        return mtu - (IpFamily.of(address) == IpFamily.IPV4 ? OVERHEAD_IPV4 : OVERHEAD_IPV6);
    }

    /** Looks at the kernel; fails with a sentence where something does not fit. */
    static Underlay find(
            NodeInfo self, Collection<Cidr> podCidrs, AgentConfig config, Rtnetlink rtnetlink)
            throws IOException {
        List<Candidate> candidates = candidates(config, rtnetlink);
        Candidate chosen = choose(self, config.underlayInterface(), candidates);
        refuseOverlap(podCidrs, candidates);
        return new Underlay(
                chosen.link().name(), chosen.ip(), mtu(chosen.link(), config, rtnetlink));
    }

    /** Every address of this machine that is not the pod network's own. */
    private static List<Candidate> candidates(AgentConfig config, Rtnetlink rtnetlink)
            throws IOException {
        List<Link> links = rtnetlink.links();
        List<Candidate> candidates = new ArrayList<>();
        for (Address address : rtnetlink.addresses()) {
            links.stream()
                    .filter(link -> link.index() == address.linkIndex())
                    .filter(link -> !link.name().equals(config.bridge()))
                    .filter(link -> !link.name().equals(config.tunnel()))
                    .forEach(link -> candidates.add(new Candidate(link, address)));
        }
        return candidates;
    }

    private static Candidate choose(
            NodeInfo self, InterfaceSelector selector, List<Candidate> candidates)
            throws NotReadyException {
        for (InetAddress ip : self.internalIps()) {
            Optional<Candidate> found = first(candidates, each -> each.ip().equals(ip));
            if (found.isPresent()) {
                return found.get();
            }
        }
        List<Candidate> selected =
                candidates.stream()
                        .filter(Candidate::isUsable)
                        .filter(each -> selector.selects(each.link().name(), each.ip()))
                        .sorted(preference(self))
                        .toList();
        return first(selected, _ -> true)
                .orElseThrow(() -> nothingFits(self, selector, candidates));
    }

    private static Optional<Candidate> first(
            List<Candidate> candidates, Predicate<Candidate> wanted) {
        return candidates.stream().filter(wanted).findFirst();
    }

    /** The family of the Node's first address goes first: other nodes most likely have it too. */
    private static Comparator<Candidate> preference(NodeInfo self) {
        IpFamily preferred =
                self.internalIps().isEmpty()
                        ? IpFamily.IPV4
                        : IpFamily.of(self.internalIps().getFirst());
        return Comparator.comparing((Candidate each) -> IpFamily.of(each.ip()) != preferred)
                .thenComparingInt(each -> each.link().index());
    }

    private static NotReadyException nothingFits(
            NodeInfo self, InterfaceSelector selector, List<Candidate> candidates) {
        String internal =
                self.internalIps().stream()
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(", ", "[", "]"));
        String usable =
                candidates.stream()
                        .filter(Candidate::isUsable)
                        .map(Candidate::toString)
                        .collect(Collectors.joining(", "));
        return new NotReadyException(
                Notice.Reason.NO_UNDERLAY,
                "none of the InternalIPs %s of node %s is on an interface of this machine%s; it has %s"
                        .formatted(
                                internal,
                                self.name(),
                                selector.isSet()
                                        ? ", and interface '%s' selects none".formatted(selector)
                                        : ": give the kubelet the right --node-ip, or set"
                                                + " 'interface'",
                                usable.isEmpty() ? "no usable address" : usable));
    }

    private static void refuseOverlap(Collection<Cidr> podCidrs, List<Candidate> candidates)
            throws NotReadyException {
        for (Candidate each : candidates) {
            for (Cidr cidr : podCidrs) {
                if (cidr.overlaps(each.address().network())) {
                    throw new NotReadyException(
                            Notice.Reason.POD_CIDR_NOT_USABLE,
                            ("podCIDR %s overlaps the network %s of interface %s: give the"
                                            + " node another podCIDR")
                                    .formatted(cidr, each.address().network(), each.link().name()));
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

    @Override
    public String toString() {
        return "%s %s mtu %d".formatted(link, address.getHostAddress(), mtu);
    }
}
