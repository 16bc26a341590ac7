package dev.culvert.agent.trace;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.overlay.fdb.FdbEntry;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a trace is worked out from, read at one moment. Immutable.
 *
 * @param links of the node's namespace
 * @param addresses of the node's namespace
 * @param neighbors of the node's namespace
 * @param leases of the node's pods
 * @param network what pods are attached to, or null while they cannot be
 * @param tunnel the TUN device's name
 * @param fdb what the data path forwards by, or null while it is not open
 * @param peers how the other nodes are
 */
public record NodeFacts(
        List<Link> links,
        List<Address> addresses,
        List<Neighbor> neighbors,
        List<AddressLease> leases,
        @Nullable NodeNetwork network,
        String tunnel,
        @Nullable List<FdbEntry> fdb,
        List<PeerStatus> peers) {

    Optional<Link> link(int index) {
        return links.stream().filter(each -> each.index() == index).findFirst();
    }

    Optional<Link> link(String name) {
        return links.stream().filter(each -> each.name().equals(name)).findFirst();
    }

    Optional<AddressLease> lease(InetAddress address) {
        return leases.stream().filter(each -> each.addresses().contains(address)).findFirst();
    }

    boolean isOwn(InetAddress address) {
        return addresses.stream().anyMatch(each -> each.local().equals(address));
    }

    Optional<Neighbor> neighbor(int link, InetAddress address) {
        return neighbors.stream()
                .filter(each -> each.linkIndex() == link && each.address().equals(address))
                .findFirst();
    }

    Optional<PeerStatus> status(String node) {
        return peers.stream().filter(each -> each.node().equals(node)).findFirst();
    }

    /** The longest prefix counts, as in the data path. */
    Optional<FdbEntry> peer(InetAddress address) {
        return fdb == null
                ? Optional.empty()
                : fdb.stream()
                        .filter(each -> each.prefix().contains(address))
                        .max(Comparator.comparingInt(each -> each.prefix().prefixLength()));
    }
}
