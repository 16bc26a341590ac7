package dev.culvert.overlay;

import dev.culvert.linux.SocketAddresses;
import dev.culvert.overlay.fdb.Vtep;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Another node as the packet path needs it: its socket address in native memory, its MAC as a
 * number and its counters. Lives as long as its VTEP stays the same, over many databases. Each
 * event loop writes its own counters; any thread reads.
 */
final class Peer {
    static final int EGRESS_PACKETS = 0;
    static final int EGRESS_BYTES = 1;
    static final int INGRESS_PACKETS = 2;
    static final int INGRESS_BYTES = 3;
    static final int EGRESS_DROPS = 4;
    static final int INGRESS_DROPS = 5;

    /** Counters of a loop lie two cache lines from the next loop's. */
    private static final int STRIDE = 16;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    private final Vtep vtep;
    private final MemorySegment socketAddress;
    private final long mac;
    private final boolean remoteChecksum;
    private final long[] counters;
    private final int loops;

    /**
     * @param remoteChecksum whether remote checksum offload is on at this end
     */
    Peer(Vtep vtep, int loops, boolean remoteChecksum) {
        this.vtep = vtep;
        this.remoteChecksum = remoteChecksum && vtep.remoteChecksum();
        this.socketAddress = SocketAddresses.allocate(Arena.ofAuto(), vtep.socketAddress());
        this.mac = vtep.mac().value();
        this.loops = loops;
        this.counters = new long[STRIDE * (loops + 1)];
    }

    Vtep vtep() {
        return vtep;
    }

    MemorySegment socketAddress() {
        return socketAddress;
    }

    /** Whether it finishes checksums, and may leave them to be finished here. */
    boolean takesRemoteChecksum() {
        return remoteChecksum;
    }

    long mac() {
        return mac;
    }

    /** Adds to a counter; on the event loop with this number. */
    void add(int loop, int counter, long amount) {
        int slot = STRIDE * loop + counter;
        SLOT.setOpaque(counters, slot, counters[slot] + amount);
    }

    /** A counter summed over all loops; any thread. */
    long get(int counter) {
        long sum = 0;
        for (int loop = 0; loop < loops; loop++) {
            sum += (long) SLOT.getOpaque(counters, STRIDE * loop + counter);
        }
        return sum;
    }
}
