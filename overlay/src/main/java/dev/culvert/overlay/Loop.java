package dev.culvert.overlay;

import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.icmp.IcmpErrors;
import java.util.function.Supplier;

/**
 * What the two handlers of one event loop share.
 *
 * @param number 0 for the first
 * @param counters written by this loop only
 * @param forwarding the current snapshot; asked once a batch
 * @param icmpErrors writes what pods are told about packets that cannot be carried
 * @param self this node's own endpoint, for its tests
 * @param dscp what the network between the nodes sees of a packet's priority
 */
record Loop(
        int number,
        LoopCounters counters,
        Supplier<Forwarding> forwarding,
        IcmpErrors icmpErrors,
        Peer self,
        OuterDscp dscp) {}
