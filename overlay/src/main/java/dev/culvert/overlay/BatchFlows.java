package dev.culvert.overlay;

import dev.culvert.overlay.channel.PacketBatch;

/**
 * The packets of a batch by flow. Flows with few packets get their turn first, so that a flood in
 * the batch has only itself to blame when the kernel takes no more; within a flow, packets keep
 * their order. One event loop; no allocation.
 */
final class BatchFlows {
    private static final int CAPACITY = PacketBatch.MAX_PACKETS;
    private static final int NONE = -1;

    private final int[] hashes = new int[CAPACITY];
    private final int[] counts = new int[CAPACITY];
    private final int[] heads = new int[CAPACITY];
    private final int[] tails = new int[CAPACITY];
    private final int[] next = new int[CAPACITY];
    private final int[] order = new int[CAPACITY];
    private int flows;

    /** Forgets everything. */
    void clear() {
        flows = 0;
    }

    /** Appends packet {@code index} of the batch to the flow with this hash. */
    void add(int index, int hash) {
        next[index] = NONE;
        int flow = find(hash);
        if (flow == flows) {
            flows++;
            hashes[flow] = hash;
            counts[flow] = 1;
            heads[flow] = index;
        } else {
            counts[flow]++;
            next[tails[flow]] = index;
        }
        tails[flow] = index;
    }

    private int find(int hash) {
        int flow = 0;
        while (flow < flows && hashes[flow] != hash) {
            flow++;
        }
        return flow;
    }

    /** Sorts the flows and says how many there are. */
    int sort() {
        for (int flow = 0; flow < flows; flow++) {
            int at = flow;
            while (at > 0 && counts[order[at - 1]] > counts[flow]) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = flow;
        }
        return flows;
    }

    /** The hash of the flow that is number {@code rank} after {@link #sort}. */
    int hash(int rank) {
        return hashes[order[rank]];
    }

    /** Its first packet's index. */
    int first(int rank) {
        return heads[order[rank]];
    }

    /** The index of the packet of the same flow behind this one, negative if there is none. */
    int after(int index) {
        return next[index];
    }
}
