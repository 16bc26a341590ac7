package dev.culvert.agent.probe;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A peer as the probe needs it, or one that has both address families in one of them. Immutable.
 *
 * @param node its name
 * @param label its name, with the family if it is asked in both; no other target has the same
 * @param address what is asked: its end of the tunnel
 * @param ranges where answers may come from
 */
record ProbeTarget(String node, String label, InetAddress address, List<Cidr> ranges) {

    /** Copies the list. */
    ProbeTarget {
        ranges = List.copyOf(ranges);
    }

    /** A peer of one family. */
    ProbeTarget(String node, InetAddress address, List<Cidr> ranges) {
        this(node, node, address, ranges);
    }

    /**
     * The peer that owns a lease, by its first range of each family that this node has too; empty
     * when there is none.
     */
    static List<ProbeTarget> of(SubnetLease lease, List<Cidr> own) {
        Map<IpFamily, Cidr> first = new EnumMap<>(IpFamily.class);
        lease.podCidrs().forEach(range -> first.putIfAbsent(range.family(), range));
        first.keySet().retainAll(own.stream().map(Cidr::family).collect(Collectors.toSet()));
        return first.values().stream()
                .map(
                        range ->
                                new ProbeTarget(
                                        lease.node(),
                                        first.size() == 1
                                                ? lease.node()
                                                : "%s (%s)"
                                                        .formatted(
                                                                lease.node(), name(range.family())),
                                        NodeNetwork.tunnelAddress(range),
                                        lease.podCidrs()))
                .toList();
    }

    private static String name(IpFamily family) {
        return family == IpFamily.IPV4 ? "IPv4" : "IPv6";
    }

    boolean owns(InetAddress from) {
        return ranges.stream().anyMatch(range -> range.contains(from));
    }
}
