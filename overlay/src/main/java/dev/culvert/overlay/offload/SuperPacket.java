package dev.culvert.overlay.offload;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.culvert.linux.IoVector;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.TcpHeader;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive packets of one TCP or UDP flow, put together without copying payload. One event loop;
 * the memory of the packets must stay until {@link #finish}.
 *
 * <p>Only packets whose checksum holds are taken, since the super-packet gets a new one: a corrupt
 * packet must not be repaired on the way. Packets of a super-packet have equal headers but for
 * length, identification, sequence number, checksum and PSH, and equal payload lengths but for the
 * last.
 *
 * @param <T> who they came from, for the one who writes them
 * @see <a href="https://docs.kernel.org/networking/segmentation-offloads.html">Segmentation
 *     offloads</a>
 */
public final class SuperPacket<T> {
    private static final int MAX_HEADER_BYTES = Ipv6Header.BYTES + 60;
    private static final int MAX_BYTES = 65_000;
    private static final int MAX_PIECES = 256;

    /** {@code UDP_MAX_SEGMENTS} of older kernels: beyond it a TUN device refuses the packet. */
    private static final int MAX_UDP_PACKETS = 64;

    private static final long HEADER = 16;

    private final MemorySegment scratch =
            Arena.ofAuto().allocate(HEADER + MAX_HEADER_BYTES + Long.BYTES, 16);
    private final IoVector vector = new IoVector(Arena.ofAuto(), MAX_PIECES);
    private final IpPacket first = new IpPacket();

    private @Nullable T owner;
    private int flow;
    private int packets;
    private int headerLength;
    private int segmentSize;
    private int totalLength;
    private int nextSequence;
    private boolean closed;

    SuperPacket() {}

    /** Who the packets came from; null when it is empty. */
    public @Nullable T owner() {
        return owner;
    }

    /** The hash of the flow that they belong to. */
    int flow() {
        return flow;
    }

    /** Whether nothing can be appended any more. */
    boolean isClosed() {
        return closed;
    }

    /** How many packets are held. */
    public int packets() {
        return packets;
    }

    /** Bytes of the super-packet as it stands. */
    public int totalLength() {
        return totalLength;
    }

    /**
     * Begins with this candidate.
     *
     * @return whether its checksum held and it was taken
     */
    boolean begin(IpPacket packet, int flowHash, T from) {
        if (!hasGoodChecksum(packet)) {
            return false;
        }
        MemorySegment.copy(packet.memory(), packet.offset(), scratch, HEADER, headerLength(packet));
        first.parse(packet.memory(), packet.offset(), packet.totalLength());
        owner = from;
        flow = flowHash;
        packets = 1;
        headerLength = headerLength(packet);
        totalLength = packet.totalLength();
        segmentSize = totalLength - headerLength;
        nextSequence = sequence(packet) + segmentSize;
        closed = pushes(packet);
        vector.clear();
        vector.add(headerAddress(), VirtioNetHeader.BYTES + headerLength);
        vector.add(payloadAddress(packet), segmentSize);
        return true;
    }

    /**
     * Appends this candidate if it continues what is held.
     *
     * @return whether it was taken
     */
    boolean append(IpPacket packet) {
        int payload = packet.totalLength() - headerLength;
        if (closed
                || headerLength(packet) != headerLength
                || payload > segmentSize
                || totalLength + payload > MAX_BYTES
                || !vector.hasRoom(1)
                || !continues(packet)
                || !hasGoodChecksum(packet)) {
            return false;
        }
        vector.add(payloadAddress(packet), payload);
        packets++;
        totalLength += payload;
        nextSequence += payload;
        if (pushes(packet)) {
            long flags = HEADER + first.headerLength() + TcpHeader.FLAGS_OFFSET;
            NetworkOrder.u8(scratch, flags, NetworkOrder.u8(scratch, flags) | TcpHeader.PSH);
        }
        closed = payload < segmentSize || pushes(packet) || isFullUdp();
        return true;
    }

    /** A seed is for the kernel to finish, and as good here as it will be there. */
    private static boolean hasGoodChecksum(IpPacket packet) {
        return packet.networkChecksumHolds()
                && (packet.isChecksumSeeded(packet.checksumField())
                        || packet.transportChecksumHolds());
    }

    /**
     * Completes it and lets it go.
     *
     * @return a virtio-net header, the headers and all payload; valid until the next begin
     */
    public IoVector finish() {
        long virtio = HEADER - VirtioNetHeader.BYTES;
        boolean udp = first.protocol() == UdpHeader.PROTOCOL;
        int field = udp ? UdpHeader.CHECKSUM_OFFSET : TcpHeader.CHECKSUM_OFFSET;
        long transport = HEADER + first.headerLength();
        if (packets == 1) {
            VirtioNetHeader.writeSeeded(scratch, virtio);
        } else {
            VirtioNetHeader.writeSuper(scratch, virtio, gsoType(udp), headerLength, segmentSize);
            writeLengths(udp);
        }
        VirtioNetHeader.writeChecksum(scratch, virtio, first.headerLength(), field);
        InternetChecksum.storeSeed(
                scratch,
                transport + field,
                first.pseudoHeaderSum(totalLength - first.headerLength()));
        packets = 0;
        owner = null;
        return vector;
    }

    private boolean isFullUdp() {
        return first.protocol() == UdpHeader.PROTOCOL && packets == MAX_UDP_PACKETS;
    }

    private void writeLengths(boolean udp) {
        if (first.isIpv4()) {
            NetworkOrder.u16(scratch, HEADER + Ipv4Header.LENGTH_OFFSET, totalLength);
            NetworkOrder.u16(scratch, HEADER + Ipv4Header.CHECKSUM_OFFSET, 0);
            long sum = InternetChecksum.sum(scratch, HEADER, first.headerLength(), 0);
            InternetChecksum.store(scratch, HEADER + Ipv4Header.CHECKSUM_OFFSET, sum);
        } else {
            int payload = totalLength - Ipv6Header.BYTES;
            NetworkOrder.u16(scratch, HEADER + Ipv6Header.LENGTH_OFFSET, payload);
        }
        if (udp) {
            NetworkOrder.u16(
                    scratch,
                    HEADER + first.headerLength() + UdpHeader.LENGTH_OFFSET,
                    totalLength - first.headerLength());
        }
    }

    private int gsoType(boolean udp) {
        if (udp) {
            return VirtioNetHeader.GSO_UDP_L4;
        }
        return first.isIpv4() ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6;
    }

    /** Whether all header fields that must be equal are, and the sequence number is the next. */
    private boolean continues(IpPacket packet) {
        if (!sameNetworkHeader(packet)) {
            return false;
        }
        MemorySegment memory = packet.memory();
        long mine = HEADER + first.headerLength();
        long theirs = packet.transport();
        if (NetworkOrder.i32(memory, theirs) != NetworkOrder.i32(scratch, mine)) {
            return false;
        }
        return packet.protocol() == UdpHeader.PROTOCOL
                || (sequence(packet) == nextSequence && sameTcpHeader(memory, theirs, mine));
    }

    private boolean sameTcpHeader(MemorySegment memory, long theirs, long mine) {
        return NetworkOrder.i32(memory, theirs + TcpHeader.ACKNOWLEDGMENT_OFFSET)
                        == NetworkOrder.i32(scratch, mine + TcpHeader.ACKNOWLEDGMENT_OFFSET)
                && NetworkOrder.u16(memory, theirs + TcpHeader.WINDOW_OFFSET)
                        == NetworkOrder.u16(scratch, mine + TcpHeader.WINDOW_OFFSET)
                && NetworkOrder.u8(memory, theirs + TcpHeader.DATA_OFFSET_OFFSET)
                        == NetworkOrder.u8(scratch, mine + TcpHeader.DATA_OFFSET_OFFSET)
                && NetworkOrder.u16(memory, theirs + TcpHeader.URGENT_OFFSET)
                        == NetworkOrder.u16(scratch, mine + TcpHeader.URGENT_OFFSET)
                && sameOptions(memory, theirs, mine);
    }

    private boolean sameOptions(MemorySegment memory, long theirs, long mine) {
        int length = headerLength - first.headerLength();
        for (int at = TcpHeader.MIN_BYTES; at < length; at += Integer.BYTES) {
            if (NetworkOrder.i32(memory, theirs + at) != NetworkOrder.i32(scratch, mine + at)) {
                return false;
            }
        }
        return true;
    }

    private boolean sameNetworkHeader(IpPacket packet) {
        MemorySegment memory = packet.memory();
        long at = packet.offset();
        if (packet.isIpv4() != first.isIpv4() || packet.protocol() != first.protocol()) {
            return false;
        }
        if (packet.isIpv4()) {
            return same(memory, at, Ipv4Header.SOURCE_OFFSET)
                    && NetworkOrder.u16(memory, at) == NetworkOrder.u16(scratch, HEADER)
                    && sameFragmentField(memory, at);
        }
        return NetworkOrder.i32(memory, at) == NetworkOrder.i32(scratch, HEADER)
                && NetworkOrder.u16(memory, at + Ipv6Header.NEXT_HEADER_OFFSET)
                        == NetworkOrder.u16(scratch, HEADER + Ipv6Header.NEXT_HEADER_OFFSET)
                && same(memory, at, Ipv6Header.SOURCE_OFFSET)
                && same(memory, at, Ipv6Header.SOURCE_OFFSET + 8)
                && same(memory, at, Ipv6Header.DESTINATION_OFFSET)
                && same(memory, at, Ipv6Header.DESTINATION_OFFSET + 8);
    }

    /**
     * Flags, TTL and protocol are equal. The identification counts up as it will when the kernel
     * cuts, or means nothing because nobody may fragment the packet (RFC 6864).
     */
    private boolean sameFragmentField(MemorySegment memory, long at) {
        int field = NetworkOrder.i32(scratch, HEADER + Ipv4Header.FRAGMENT_OFFSET);
        if (NetworkOrder.i32(memory, at + Ipv4Header.FRAGMENT_OFFSET) != field) {
            return false;
        }
        int id = NetworkOrder.u16(scratch, HEADER + Ipv4Header.ID_OFFSET) + packets;
        return (field >>> 16 & Ipv4Header.DONT_FRAGMENT) != 0
                || NetworkOrder.u16(memory, at + Ipv4Header.ID_OFFSET) == (id & 0xffff);
    }

    private boolean same(MemorySegment memory, long packet, int offset) {
        return memory.get(JAVA_LONG_UNALIGNED, packet + offset)
                == scratch.get(JAVA_LONG_UNALIGNED, HEADER + offset);
    }

    private static int headerLength(IpPacket packet) {
        boolean udp = packet.protocol() == UdpHeader.PROTOCOL;
        return packet.headerLength() + (udp ? UdpHeader.BYTES : packet.tcpHeaderLength());
    }

    static int flags(IpPacket packet) {
        return NetworkOrder.u8(packet.memory(), packet.transport() + TcpHeader.FLAGS_OFFSET);
    }

    private static boolean pushes(IpPacket packet) {
        return packet.protocol() == TcpHeader.PROTOCOL && (flags(packet) & TcpHeader.PSH) != 0;
    }

    private static int sequence(IpPacket packet) {
        return packet.protocol() == TcpHeader.PROTOCOL
                ? NetworkOrder.i32(packet.memory(), packet.transport() + TcpHeader.SEQUENCE_OFFSET)
                : 0;
    }

    private long headerAddress() {
        return scratch.address() + HEADER - VirtioNetHeader.BYTES;
    }

    private long payloadAddress(IpPacket packet) {
        return packet.memory().address() + packet.offset() + headerLength(packet);
    }

    /** Bytes of fixed native memory. */
    long bufferBytes() {
        return scratch.byteSize() + vector.bufferBytes();
    }
}
