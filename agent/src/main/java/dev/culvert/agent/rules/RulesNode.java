package dev.culvert.agent.rules;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What rules are made of: the node as it is in this round. Immutable.
 *
 * @param config the current one
 * @param podRanges this node's pod ranges, the present ones and earlier ones that pods live in
 * @param cluster the pod ranges and addresses of all nodes
 * @param leases the addresses of this node's pods, of those that are being attached too
 */
public record RulesNode(
        AgentConfig config,
        List<Cidr> podRanges,
        ClusterAddresses cluster,
        List<AddressLease> leases) {

    /** Copies the lists. */
    public RulesNode {
        podRanges = List.copyOf(podRanges);
        leases = List.copyOf(leases);
    }

    /** The families in which there are pods here. */
    public Set<IpFamily> families() {
        Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
        podRanges.forEach(range -> families.add(range.family()));
        return families;
    }

    /** This node's pod ranges of a family. */
    public List<Cidr> podRanges(IpFamily family) {
        return podRanges.stream().filter(range -> range.family() == family).toList();
    }

    static Set<Cidr> of(IpFamily family, Collection<Cidr> ranges) {
        return ranges.stream()
                .filter(range -> range.family() == family)
                .collect(Collectors.toSet());
    }

    static Set<InetAddress> addressesOf(IpFamily family, Collection<InetAddress> addresses) {
        return addresses.stream()
                .filter(address -> IpFamily.of(address) == family)
                .collect(Collectors.toSet());
    }
}
