package dev.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A native array of {@code struct iovec} that is filled, used by one call and cleared. One thread;
 * the memory that the entries point to is the caller's to keep. Neighbouring pieces become one
 * entry.
 *
 * @see <a href="https://man7.org/linux/man-pages/man3/iovec.3type.html">iovec(3type)</a>
 */
public final class IoVector {
    private static final int BASE_OFFSET = 0;
    private static final int LENGTH_OFFSET = 8;
    private static final int ENTRY_BYTES = 16;

    private final MemorySegment entries;
    private final int capacity;
    private int count;
    private long end;
    private long bytes;

    /**
     * @param arena the lifetime of the array
     * @param capacity entries; the kernel takes at most 1024 in one call ({@code IOV_MAX})
     */
    public IoVector(Arena arena, int capacity) {
        this.entries = arena.allocate((long) ENTRY_BYTES * capacity, JAVA_LONG.byteAlignment());
        this.capacity = capacity;
    }

    /** Whether {@code more} further pieces fit for sure. */
    public boolean hasRoom(int more) {
        return count + more <= capacity;
    }

    /**
     * Appends the {@code length} bytes at {@code address}.
     *
     * @throws IndexOutOfBoundsException if the array is full
     */
    public void add(long address, long length) {
        if (length == 0) {
            return;
        }
        bytes += length;
        if (count > 0 && address == end) {
            long last = (long) ENTRY_BYTES * (count - 1) + LENGTH_OFFSET;
            entries.set(JAVA_LONG, last, entries.get(JAVA_LONG, last) + length);
        } else {
            long entry = (long) ENTRY_BYTES * count;
            entries.set(JAVA_LONG, entry + BASE_OFFSET, address);
            entries.set(JAVA_LONG, entry + LENGTH_OFFSET, length);
            count++;
        }
        end = address + length;
    }

    /** Replaces the contents by bytes {@code from} to {@code from + length} of {@code whole}. */
    public void copyRange(IoVector whole, long from, long length) {
        clear();
        long skip = from;
        long left = length;
        for (int i = 0; i < whole.count && left > 0; i++) {
            long pieceLength = whole.length(i);
            if (skip >= pieceLength) {
                skip -= pieceLength;
                continue;
            }
            long take = Math.min(pieceLength - skip, left);
            add(whole.base(i) + skip, take);
            left -= take;
            skip = 0;
        }
    }

    /** Forgets all entries. */
    public void clear() {
        count = 0;
        bytes = 0;
        end = 0;
    }

    /** How many entries there are. */
    public int count() {
        return count;
    }

    /** The sum of all lengths. */
    public long bytes() {
        return bytes;
    }

    /** Where the array is. */
    public long address() {
        return entries.address();
    }

    /** Where piece {@code index} begins. */
    public long base(int index) {
        return entries.get(JAVA_LONG, (long) ENTRY_BYTES * index + BASE_OFFSET);
    }

    /** How long piece {@code index} is. */
    public long length(int index) {
        return entries.get(JAVA_LONG, (long) ENTRY_BYTES * index + LENGTH_OFFSET);
    }

    /** Bytes of the array itself. */
    public long bufferBytes() {
        return entries.byteSize();
    }
}
