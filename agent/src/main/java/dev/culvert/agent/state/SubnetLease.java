package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.util.List;

/**
 * The pod ranges that a node owns, and where to send packets for them. Immutable.
 *
 * @param node the node's name
 * @param podCidrs its ranges, checked
 * @param vtep its tunnel endpoint
 */
public record SubnetLease(String node, List<Cidr> podCidrs, Vtep vtep) {

    /** Copies the list. */
    public SubnetLease {
        podCidrs = List.copyOf(podCidrs);
    }

    /** A line of the forwarding database for each range. */
    public List<FdbEntry> fdbEntries() {
        return podCidrs.stream().map(cidr -> new FdbEntry(cidr, vtep)).toList();
    }
}
