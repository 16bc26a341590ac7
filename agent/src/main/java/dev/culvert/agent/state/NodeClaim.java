package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one node claims, read and checked once when the node changes, since with thousands of nodes
 * reading them all again for each change of one would take the time. Says nothing about other
 * nodes. Immutable.
 *
 * @param node the node
 * @param podCidrs its ranges; empty when {@code problem} is not
 * @param lease what other nodes need of it, or null while it has no agent or no range
 * @param problem what is wrong with its ranges, a sentence; empty when nothing is
 */
record NodeClaim(NodeInfo node, List<Cidr> podCidrs, @Nullable SubnetLease lease, String problem) {
    /** The order in which nodes get the ranges that several claim. */
    static final Comparator<NodeClaim> BY_AGE =
            Comparator.<NodeClaim, String>comparing(claim -> claim.node().created())
                    .thenComparing(claim -> claim.node().name());

    /**
     * @param clusterCidrs what every range must lie in; empty for anything
     */
    static NodeClaim of(NodeInfo node, List<Cidr> clusterCidrs) {
        try {
            List<Cidr> cidrs = checked(node, clusterCidrs);
            return new NodeClaim(node, cidrs, lease(node, cidrs), "");
        } catch (IllegalArgumentException e) {
            return new NodeClaim(node, List.of(), null, String.valueOf(e.getMessage()));
        }
    }

    private static List<Cidr> checked(NodeInfo node, List<Cidr> clusterCidrs) {
        List<Cidr> cidrs = new ArrayList<>();
        Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
        for (String text : node.podCidrs()) {
            Cidr cidr = parse(node, text);
            check(node, cidr, clusterCidrs);
            if (!families.add(cidr.family())) {
                throw new IllegalArgumentException(
                        "node %s has two podCIDRs of the same family: %s"
                                .formatted(node.name(), node.podCidrs()));
            }
            cidrs.add(cidr);
        }
        return List.copyOf(cidrs);
    }

    private static Cidr parse(NodeInfo node, String text) {
        try {
            return Cidr.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "node %s has a malformed podCIDR: %s".formatted(node.name(), e.getMessage()),
                    e);
        }
    }

    private static void check(NodeInfo node, Cidr cidr, List<Cidr> clusterCidrs) {
        if (cidr.family().addressBits() - cidr.prefixLength() < 2) {
            throw new IllegalArgumentException(
                    "podCIDR %s of node %s is too small for pods".formatted(cidr, node.name()));
        }
        if (!clusterCidrs.isEmpty()
                && clusterCidrs.stream().noneMatch(range -> range.contains(cidr))) {
            throw new IllegalArgumentException(
                    "podCIDR %s of node %s is outside the configured clusterCidrs %s"
                            .formatted(cidr, node.name(), clusterCidrs));
        }
    }

    private static @Nullable SubnetLease lease(NodeInfo node, List<Cidr> cidrs) {
        VtepAnnouncement vtep = node.vtep();
        return vtep == null || cidrs.isEmpty()
                ? null
                : new SubnetLease(node.name(), cidrs, vtep.vtepOf(node.name()));
    }
}
