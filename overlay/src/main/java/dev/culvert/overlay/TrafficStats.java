package dev.culvert.overlay;

import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.fdb.Vtep;
import java.util.List;
import java.util.Map;

/**
 * The counters of a data path at one moment, from its start. Immutable.
 *
 * @param egress to peers; bytes are those of inner packets
 * @param ingress from peers
 * @param sends send calls
 * @param messages messages received, of one datagram or several
 * @param writes writes to the TUN device
 * @param drops packets dropped, by reason; every reason is there
 * @param egressBatches packets of each send call that was taken
 * @param ingressBatches packets of each message received, dropped ones included
 * @param peers the same for each peer; drops are those that a peer could be told of
 */
public record TrafficStats(
        Traffic egress,
        Traffic ingress,
        long sends,
        long messages,
        long writes,
        Map<DropReason, Long> drops,
        BatchSizes egressBatches,
        BatchSizes ingressBatches,
        List<PeerTraffic> peers) {

    /** Copies the collections. */
    public TrafficStats {
        drops = Map.copyOf(drops);
        peers = List.copyOf(peers);
    }

    /**
     * How much went one way.
     *
     * @param packets inner packets
     * @param bytes their bytes
     * @param drops packets that did not
     */
    public record Traffic(long packets, long bytes, long drops) {}

    /**
     * What was exchanged with one peer.
     *
     * @param vtep the peer
     * @param egress to it
     * @param ingress from it
     */
    public record PeerTraffic(Vtep vtep, Traffic egress, Traffic ingress) {}
}
