package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a pod of this node is attached to: known once the node has its pod CIDRs and the bridge is
 * up. Immutable, any thread.
 *
 * @param bridge the name of the bridge that the host ends of the veths are ports of
 * @param podCidrs this node's pod ranges, at most one of each family
 * @param retained earlier ranges of this node that pods still live in
 * @param podMtu bytes of the largest IP packet of a pod
 * @param gsoMaxSize bytes of the largest super-packet that a pod's kernel makes
 */
public record NodeNetwork(
        String bridge, List<Cidr> podCidrs, List<Cidr> retained, int podMtu, int gsoMaxSize) {

    /** Copies the lists. */
    public NodeNetwork {
        podCidrs = List.copyOf(podCidrs);
        retained = List.copyOf(retained);
    }

    /** As it is when the ranges never changed. */
    public NodeNetwork(String bridge, List<Cidr> podCidrs, int podMtu, int gsoMaxSize) {
        this(bridge, podCidrs, List.of(), podMtu, gsoMaxSize);
    }

    /** The range that a pod's address is of, present or earlier. */
    public Optional<Cidr> rangeOf(InetAddress address) {
        return Stream.concat(podCidrs.stream(), retained.stream())
                .filter(range -> range.contains(address))
                .findFirst();
    }

    /** The pod range of this family, if the node has one. */
    public Optional<Cidr> podCidr(IpFamily family) {
        return podCidrs.stream().filter(cidr -> cidr.family() == family).findFirst();
    }

    /** The bridge's own address in {@code podCidr}, which is the pods' gateway: the first one. */
    public static InetAddress gateway(Cidr podCidr) {
        return podCidr.address(1);
    }

    /** The TUN's address in {@code podCidr}: the network address itself. */
    public static InetAddress tunnelAddress(Cidr podCidr) {
        return podCidr.network();
    }
}
