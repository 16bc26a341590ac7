package dev.culvert.overlay.channel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The packets of one round of reads from a TUN queue, side by side in fixed native memory, each
 * with room in front for a virtio-net header and for encapsulation. One event loop; the contents
 * are valid until the channel reads again. The same object is used for every round.
 */
public final class PacketBatch {
    /** Packets that one round takes at most. */
    public static final int MAX_PACKETS = 64;

    /** The largest packet that a TUN device hands over. */
    static final int MAX_PACKET_BYTES = 65_535;

    /** Room for a whole batch of packets that are not large. */
    private static final int SMALL_PACKETS_BYTES = MAX_PACKETS * TunChannel.LARGE_BYTES;

    private final MemorySegment memory;
    private final int headroom;
    private final int[] offsets = new int[MAX_PACKETS];
    private final int[] lengths = new int[MAX_PACKETS];
    private int count;
    private int end;

    PacketBatch(int headroom) {
        this.headroom = headroom;
        this.memory =
                Arena.ofAuto()
                        .allocate(
                                SMALL_PACKETS_BYTES
                                        + MAX_PACKET_BYTES
                                        + (long) headroom * (MAX_PACKETS + 1),
                                64);
    }

    /** The memory that all packets are in. */
    public MemorySegment memory() {
        return memory;
    }

    /** How many packets there are. */
    public int count() {
        return count;
    }

    /** Where packet {@code index} begins; before it are {@code headroom} free bytes. */
    public int offset(int index) {
        return offsets[index];
    }

    /** Bytes of packet {@code index}. */
    public int length(int index) {
        return lengths[index];
    }

    /** Where the next packet will begin. */
    int nextOffset() {
        return end + headroom;
    }

    void append(int length) {
        offsets[count] = nextOffset();
        lengths[count] = length;
        end = nextOffset() + length;
        count++;
    }

    void clear() {
        count = 0;
        end = 0;
    }

    /** Bytes of its memory. */
    long bufferBytes() {
        return memory.byteSize();
    }
}
