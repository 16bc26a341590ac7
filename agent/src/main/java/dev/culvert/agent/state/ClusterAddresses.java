package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.Set;

/**
 * What belongs to the cluster, whether or not the nodes in question can take part in the overlay.
 * Immutable.
 *
 * @param podRanges all nodes' pod ranges, and earlier ones that pods still live in
 * @param nodes all nodes' addresses
 */
public record ClusterAddresses(Set<Cidr> podRanges, Set<InetAddress> nodes) {
    /** Of a cluster without nodes. */
    public static final ClusterAddresses NONE = new ClusterAddresses(Set.of(), Set.of());

    /** Copies the sets. */
    public ClusterAddresses {
        podRanges = Set.copyOf(podRanges);
        nodes = Set.copyOf(nodes);
    }
}
