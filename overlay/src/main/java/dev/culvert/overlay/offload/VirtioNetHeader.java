package dev.culvert.overlay.offload;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * {@code struct virtio_net_hdr} as a TUN device puts it in front of each packet, in the machine's
 * byte order. Stateless, any thread.
 *
 * @see <a
 *     href="https://github.com/torvalds/linux/blob/master/include/uapi/linux/virtio_net.h">linux/virtio_net.h</a>
 */
public final class VirtioNetHeader {
    /** Length in bytes. */
    public static final int BYTES = 10;

    /** {@code VIRTIO_NET_HDR_F_NEEDS_CSUM}: the checksum at start + offset is only seeded. */
    public static final int NEEDS_CHECKSUM = 1;

    /** {@code VIRTIO_NET_HDR_GSO_NONE}: one packet. */
    public static final int GSO_NONE = 0;

    /** {@code VIRTIO_NET_HDR_GSO_TCPV4}. */
    public static final int GSO_TCPV4 = 1;

    /** {@code VIRTIO_NET_HDR_GSO_TCPV6}. */
    public static final int GSO_TCPV6 = 4;

    /** {@code VIRTIO_NET_HDR_GSO_UDP_L4}. */
    public static final int GSO_UDP_L4 = 5;

    private static final int FLAGS_OFFSET = 0;
    private static final int GSO_TYPE_OFFSET = 1;
    private static final int HEADER_LENGTH_OFFSET = 2;
    private static final int GSO_SIZE_OFFSET = 4;
    private static final int CHECKSUM_START_OFFSET = 6;
    private static final int CHECKSUM_OFFSET_OFFSET = 8;

    /** {@code VIRTIO_NET_HDR_GSO_ECN}: the first segment carries CWR. */
    private static final int GSO_ECN = 0x80;

    private VirtioNetHeader() {}

    /** Whether the transport checksum is to be completed. */
    public static boolean needsChecksum(MemorySegment memory, long offset) {
        return (memory.get(JAVA_BYTE, offset + FLAGS_OFFSET) & NEEDS_CHECKSUM) != 0;
    }

    /** One of the {@code GSO_} constants. */
    public static int gsoType(MemorySegment memory, long offset) {
        return memory.get(JAVA_BYTE, offset + GSO_TYPE_OFFSET) & 0xff & ~GSO_ECN;
    }

    /** Payload bytes of each segment but the last. */
    public static int gsoSize(MemorySegment memory, long offset) {
        return memory.get(JAVA_SHORT_UNALIGNED, offset + GSO_SIZE_OFFSET) & 0xffff;
    }

    /** Where summing begins, from the start of the packet. */
    public static int checksumStart(MemorySegment memory, long offset) {
        return memory.get(JAVA_SHORT_UNALIGNED, offset + CHECKSUM_START_OFFSET) & 0xffff;
    }

    /** Where the checksum stands, from {@link #checksumStart}. */
    public static int checksumOffset(MemorySegment memory, long offset) {
        return memory.get(JAVA_SHORT_UNALIGNED, offset + CHECKSUM_OFFSET_OFFSET) & 0xffff;
    }

    /** Writes the header of a single packet whose checksums the kernel is to verify. */
    public static void writePlain(MemorySegment memory, long offset) {
        memory.set(JAVA_LONG_UNALIGNED, offset, 0L);
        memory.set(JAVA_SHORT_UNALIGNED, offset + CHECKSUM_OFFSET_OFFSET, (short) 0);
    }

    /** Writes the header of a super-packet whose transport checksum is seeded. */
    public static void writeSuper(
            MemorySegment memory, long offset, int gsoType, int headerLength, int gsoSize) {
        memory.set(JAVA_BYTE, offset + FLAGS_OFFSET, (byte) NEEDS_CHECKSUM);
        memory.set(JAVA_BYTE, offset + GSO_TYPE_OFFSET, (byte) gsoType);
        memory.set(JAVA_SHORT_UNALIGNED, offset + HEADER_LENGTH_OFFSET, (short) headerLength);
        memory.set(JAVA_SHORT_UNALIGNED, offset + GSO_SIZE_OFFSET, (short) gsoSize);
    }

    /** Writes the header of a single packet whose transport checksum is seeded. */
    public static void writeSeeded(MemorySegment memory, long offset) {
        writePlain(memory, offset);
        memory.set(JAVA_BYTE, offset + FLAGS_OFFSET, (byte) NEEDS_CHECKSUM);
    }

    /** Says where the seeded checksum is, after {@link #writeSuper} or {@link #writeSeeded}. */
    public static void writeChecksum(MemorySegment memory, long offset, int start, int field) {
        memory.set(JAVA_SHORT_UNALIGNED, offset + CHECKSUM_START_OFFSET, (short) start);
        memory.set(JAVA_SHORT_UNALIGNED, offset + CHECKSUM_OFFSET_OFFSET, (short) field);
    }
}
