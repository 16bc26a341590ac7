package dev.culvert.overlay;

import java.util.List;

/**
 * How many packets single system calls carried, as a distribution. Immutable.
 *
 * @param counts calls in each bucket, those of {@link #BOUNDS} and then one for all larger
 * @param packets of all calls together
 */
public record BatchSizes(List<Long> counts, long packets) {
    /** The most packets of each bucket but the last: powers of two. */
    public static final List<Integer> BOUNDS = List.of(1, 2, 4, 8, 16, 32, 64);

    /** Buckets, the one without bound included. */
    static final int BUCKETS = 8;

    /** Copies the list. */
    public BatchSizes {
        counts = List.copyOf(counts);
    }

    /** The bucket for a call of so many packets. */
    static int bucket(int packets) {
        return Math.min(BUCKETS - 1, Integer.SIZE - Integer.numberOfLeadingZeros(packets - 1));
    }
}
