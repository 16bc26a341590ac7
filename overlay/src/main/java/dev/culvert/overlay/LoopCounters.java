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

    private static final int FIRST_DROP = 7;
    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[FIRST_DROP + DropReason.values().length];

    /** Adds to a counter; on the event loop. */
    void add(int counter, long amount) {
        SLOT.setOpaque(values, counter, values[counter] + amount);
    }

    /** Counts dropped packets; on the event loop. */
    void drop(DropReason reason, long packets) {
        add(FIRST_DROP + reason.slot(), packets);
    }

    /** Reads a counter; any thread. */
    long get(int counter) {
        return (long) SLOT.getOpaque(values, counter);
    }

    /** Reads how often packets were dropped for this reason; any thread. */
    long drops(DropReason reason) {
        return get(FIRST_DROP + reason.slot());
    }
}
