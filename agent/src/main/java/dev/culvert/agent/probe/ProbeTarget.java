package dev.culvert.agent.probe;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A peer as the probe needs it. Immutable.
 *
 * @param node its name
 * @param address what is asked: its end of the tunnel
 * @param ranges where answers may come from
 */
record ProbeTarget(String node, InetAddress address, List<Cidr> ranges) {

    /** Copies the list. */
    ProbeTarget {
        ranges = List.copyOf(ranges);
    }

    /**
     * The peer that owns a lease, by its first range of a family that this node has too; empty when
     * there is none.
     */
    static Optional<ProbeTarget> of(SubnetLease lease, List<Cidr> own) {
        Set<IpFamily> families = own.stream().map(Cidr::family).collect(Collectors.toSet());
        return lease.podCidrs().stream()
                .filter(range -> families.contains(range.family()))
                .findFirst()
                .map(
                        range ->
                                new ProbeTarget(
                                        lease.node(),
                                        NodeNetwork.tunnelAddress(range),
                                        lease.podCidrs()));
    }

    boolean owns(InetAddress from) {
        return ranges.stream().anyMatch(range -> range.contains(from));
    }
}
