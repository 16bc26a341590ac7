package dev.culvert.overlay;

import dev.culvert.overlay.encap.DropReason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counters of one event loop: written by that loop alone without any locked instruction, read
 * by any thread, never reset.
 */
final class LoopCounters {
    /** Inner packets sent to peers. */
    static final int EGRESS_PACKETS = 0;

    /** Their bytes, inner headers included. */
    static final int EGRESS_BYTES = 1;

    /** Send calls. */
    static final int EGRESS_SENDS = 2;

    /** Inner packets received from peers and handed to the kernel. */
    static final int INGRESS_PACKETS = 3;

    /** Their bytes. */
    static final int INGRESS_BYTES = 4;

    /** Messages received, of one datagram or several. */
    static final int INGRESS_MESSAGES = 5;

    /** Writes to the TUN device, of one packet or a super-packet. */
    static final int INGRESS_WRITES = 6;

    /** Datagrams in the messages received, those that are dropped included. */
    static final int INGRESS_DATAGRAMS = 7;

    /** Packets of the node's own tests that came all the way round. */
    static final int SELF_TESTS = 8;

    private static final int FIRST_EGRESS_BATCH = 9;
    private static final int FIRST_INGRESS_BATCH = FIRST_EGRESS_BATCH + BatchSizes.BUCKETS;
    private static final int FIRST_DROP = FIRST_INGRESS_BATCH + BatchSizes.BUCKETS;
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[FIRST_DROP + DropReason.values().length];

    /** Adds to a counter; on the event loop. */
    void add(int counter, long amount) {
        SLOT.setOpaque(values, counter, values[counter] + amount);
    }

    /** Counts a send of so many packets; on the event loop. */
    void egressBatch(int packets) {
        add(FIRST_EGRESS_BATCH + BatchSizes.bucket(packets), 1);
    }

    /** Counts a received message of so many packets; on the event loop. */
    void ingressBatch(int packets) {
        add(FIRST_INGRESS_BATCH + BatchSizes.bucket(packets), 1);
    }

    /** Counts dropped packets; on the event loop. */
    void drop(DropReason reason, long packets) {
        add(FIRST_DROP + reason.slot(), packets);
    }

    /** Reads a counter; any thread. */
    long get(int counter) {
        return (long) SLOT.getOpaque(values, counter);
    }

    /** Reads how many sends fell into a bucket of {@link BatchSizes}; any thread. */
    long egressBatches(int bucket) {
        return get(FIRST_EGRESS_BATCH + bucket);
    }

    /** Reads how many received messages fell into a bucket; any thread. */
    long ingressBatches(int bucket) {
        return get(FIRST_INGRESS_BATCH + bucket);
    }

    /** Reads how often packets were dropped for this reason; any thread. */
    long drops(DropReason reason) {
        return get(FIRST_DROP + reason.slot());
    }
}
