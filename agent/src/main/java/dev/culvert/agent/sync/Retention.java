package dev.culvert.agent.sync;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The ranges that this node had before and that pods still live in. The bridge's own addresses
 * remember them, so that a restart changes nothing. Stateless.
 */
final class Retention {

    private Retention() {}

    /**
     * Looks at the bridge.
     *
     * @param podCidrs the ranges that the node has now
     * @param held every address that a pod of this node has
     * @throws NotReadyException if an earlier range is in the way of a new one
     */
    static List<Cidr> find(
            String bridge,
            Collection<Cidr> podCidrs,
            Collection<InetAddress> held,
            Rtnetlink rtnetlink)
            throws IOException {
        Optional<Link> link = held.isEmpty() ? Optional.empty() : rtnetlink.link(bridge);
        List<Cidr> retained = new ArrayList<>();
        if (link.isEmpty()) {
            return retained;
        }
        for (Address address : rtnetlink.addresses()) {
            Cidr network = address.network();
            if (address.linkIndex() == link.get().index()
                    && address.local().equals(NodeNetwork.gateway(network))
                    && isNeeded(network, podCidrs, held)) {
                refuseOverlap(network, podCidrs);
                retained.add(network);
            }
        }
        return retained;
    }

    /** Pods must find their gateway where it was. */
    private static boolean isNeeded(
            Cidr network, Collection<Cidr> podCidrs, Collection<InetAddress> held) {
        InetAddress gateway = NodeNetwork.gateway(network);
        return held.stream()
                .filter(network::contains)
                .anyMatch(
                        pod ->
                                podCidrs.stream()
                                        .filter(cidr -> cidr.contains(pod))
                                        .noneMatch(
                                                cidr -> NodeNetwork.gateway(cidr).equals(gateway)));
    }

    private static void refuseOverlap(Cidr network, Collection<Cidr> podCidrs)
            throws NotReadyException {
        for (Cidr cidr : podCidrs) {
            if (cidr.overlaps(network)) {
                throw new NotReadyException(
                        ("this node's podCIDR changed to %s, which overlaps the earlier %s, and pods"
                                        + " have addresses of that: drain the node, and new pods"
                                        + " start when those are gone")
                                .formatted(cidr, network));
            }
        }
    }
}
