package dev.culvert.overlay.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * The ones' complement sum of RFC 1071. Sums are kept in the machine's own byte order, in which the
 * sum of swapped words is the swapped sum, and are 64 bits wide until {@link #fold}. Stateless, any
 * thread.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc1071">RFC 1071</a>
 */
public final class InternetChecksum {
    private static final long LOW = 0xffff_ffffL;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private InternetChecksum() {}

    /**
     * Adds {@code length} bytes to a sum. The bytes before must have been an even number.
     *
     * @return a sum below 2^33 that {@link #sum} and {@link #fold} take
     */
    public static long sum(MemorySegment memory, long offset, int length, long initial) {
        long a = initial;
        long b = 0;
        long c = 0;
        long d = 0;
        long at = offset;
        int left = length;
        for (; left >= 32; left -= 32, at += 32) {
            long w = memory.get(JAVA_LONG_UNALIGNED, at);
            long x = memory.get(JAVA_LONG_UNALIGNED, at + 8);
            long y = memory.get(JAVA_LONG_UNALIGNED, at + 16);
            long z = memory.get(JAVA_LONG_UNALIGNED, at + 24);
            a += (w & LOW) + (w >>> 32);
            b += (x & LOW) + (x >>> 32);
            c += (y & LOW) + (y >>> 32);
            d += (z & LOW) + (z >>> 32);
        }
        return sumTail(memory, at, left, a + b + c + d);
    }

    private static long sumTail(MemorySegment memory, long offset, int length, long initial) {
        long sum = initial;
        long at = offset;
        int left = length;
        for (; left >= 4; left -= 4, at += 4) {
            sum += memory.get(JAVA_INT_UNALIGNED, at) & LOW;
        }
        if (left >= 2) {
            sum += memory.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
            at += 2;
            left -= 2;
        }
        if (left > 0) {
            int last = memory.get(JAVA_BYTE, at) & 0xff;
            sum += LITTLE ? last : last << 8;
        }
        return (sum & LOW) + (sum >>> 32);
    }

    /** Adds a number of at most 16 bits, as it would stand in a packet, to a sum. */
    public static long addNumber(long sum, int number) {
        return sum + (LITTLE ? Short.reverseBytes((short) number) & 0xffff : number & 0xffff);
    }

    /** The 16-bit ones' complement sum, in the machine's order; 0xffff when a checksum holds. */
    public static int fold(long sum) {
        long folded = (sum & LOW) + (sum >>> 32);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        folded = (folded & 0xffff) + (folded >>> 16);
        return (int) folded;
    }

    /** Stores the complement of a sum as a checksum. */
    public static void store(MemorySegment memory, long offset, long sum) {
        memory.set(JAVA_SHORT_UNALIGNED, offset, (short) ~fold(sum));
    }

    /** Stores the complement of a sum as a UDP checksum, where 0 would mean "none". */
    public static void storeUdp(MemorySegment memory, long offset, long sum) {
        int checksum = ~fold(sum) & 0xffff;
        memory.set(JAVA_SHORT_UNALIGNED, offset, (short) (checksum == 0 ? 0xffff : checksum));
    }

    /** Stores a sum itself, uncomplemented: the seed that checksum offload starts from. */
    public static void storeSeed(MemorySegment memory, long offset, long sum) {
        memory.set(JAVA_SHORT_UNALIGNED, offset, (short) fold(sum));
    }

    /** Whether {@link #storeSeed} would store what is there. */
    public static boolean holdsSeed(MemorySegment memory, long offset, long sum) {
        return memory.get(JAVA_SHORT_UNALIGNED, offset) == (short) fold(sum);
    }
}
