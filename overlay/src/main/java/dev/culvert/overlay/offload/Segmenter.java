package dev.culvert.overlay.offload;

import dev.culvert.linux.IoVector;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.TcpHeader;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a TCP or UDP super-packet into segments as the kernel's own segmentation would, without
 * copying payload: each segment is an entry for its headers, written to memory of the segmenter,
 * and one for its piece of the super-packet. One event loop.
 *
 * <p>Use: {@link #begin}, then {@link #fill} until it returns 0. What {@code fill} wrote is valid
 * until the next call.
 *
 * @see <a href="https://docs.kernel.org/networking/segmentation-offloads.html">Segmentation
 *     offloads</a>
 */
public final class Segmenter {
    /** Segments that one send takes ({@code UDP_MAX_SEGMENTS} of older kernels). */
    public static final int MAX_SEGMENTS = 64;

    /** Bytes that one send takes over IPv4: a datagram's limit. */
    public static final int MAX_SEND_BYTES = 65_507;

    private static final int MAX_HEADER_BYTES = 256;
    private static final int SLOT_BYTES = VxlanEncapsulation.HEADROOM + MAX_HEADER_BYTES;

    private final VxlanEncapsulation encapsulation;
    private final MemorySegment headers =
            Arena.ofAuto().allocate((long) SLOT_BYTES * MAX_SEGMENTS, 64);

    private IpPacket packet = new IpPacket();
    private boolean udp;
    private int headerLength;
    private int segmentSize;
    private int payloadLength;
    private int segments;
    private int next;
    private long peerMac;
    private boolean seedOnly;

    /**
     * @param encapsulation writes the headers in front of each segment
     */
    public Segmenter(VxlanEncapsulation encapsulation) {
        this.encapsulation = encapsulation;
    }

    /**
     * Takes on a super-packet.
     *
     * @param superPacket the packet, parsed; it and its memory stay as they are until the last fill
     * @param gsoType as in the virtio-net header
     * @param gsoSize payload bytes of each segment
     * @param toPeer the peer's inner MAC address
     * @param remoteChecksum whether the peer finishes checksums, so that nobody does here
     * @return false if its headers do not allow cutting
     */
    public boolean begin(
            IpPacket superPacket, int gsoType, int gsoSize, long toPeer, boolean remoteChecksum) {
        packet = superPacket;
        peerMac = toPeer;
        next = 0;
        segments = 0;
        int transportHeader = transportHeaderLength(gsoType);
        headerLength = packet.headerLength() + transportHeader;
        segmentSize = gsoSize;
        seedOnly =
                remoteChecksum && VxlanEncapsulation.canMarkRemoteChecksum(packet.headerLength());
        payloadLength = packet.totalLength() - headerLength;
        if (transportHeader == 0
                || gsoSize == 0
                || headerLength > MAX_HEADER_BYTES
                || payloadLength < 0) {
            return false;
        }
        segments = Math.max(1, (payloadLength + gsoSize - 1) / gsoSize);
        return true;
    }

    private int transportHeaderLength(int gsoType) {
        if (packet.isFragment()) {
            return 0;
        }
        udp = gsoType == VirtioNetHeader.GSO_UDP_L4;
        if (udp) {
            return packet.protocol() == UdpHeader.PROTOCOL ? UdpHeader.BYTES : 0;
        }
        int expected = packet.isIpv4() ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6;
        boolean tcp = gsoType == expected && packet.protocol() == TcpHeader.PROTOCOL;
        return tcp ? packet.tcpHeaderLength() : 0;
    }

    /** Bytes of a full segment with everything in front of it. */
    public int frameBytes() {
        return VxlanEncapsulation.HEADROOM + headerLength + Math.min(segmentSize, payloadLength);
    }

    /**
     * Appends the next segments, as many as one send takes.
     *
     * @param out an empty vector with room for two entries a segment
     * @return how many segments, 0 when all have been given out
     */
    public int fill(IoVector out) {
        int most = Math.min(MAX_SEGMENTS, MAX_SEND_BYTES / frameBytes());
        int count = Math.min(Math.max(most, 1), segments - next);
        for (int slot = 0; slot < count; slot++) {
            append(out, (long) slot * SLOT_BYTES);
            next++;
        }
        return count;
    }

    private void append(IoVector out, long slot) {
        int from = next * segmentSize;
        int length = Math.min(segmentSize, payloadLength - from);
        long header = slot + VxlanEncapsulation.HEADROOM;
        encapsulation.write(headers, slot, peerMac, packet.etherType());
        MemorySegment.copy(packet.memory(), packet.offset(), headers, header, headerLength);
        writeNetworkHeader(header, length);
        writeTransportHeader(header + packet.headerLength(), from, length);
        if (seedOnly) {
            encapsulation.markRemoteChecksum(headers, slot, packet.headerLength(), udp);
        }
        out.add(headers.address() + slot, VxlanEncapsulation.HEADROOM + headerLength);
        out.add(packet.memory().address() + packet.offset() + headerLength + from, length);
    }

    private void writeNetworkHeader(long header, int length) {
        if (packet.isIpv4()) {
            int id = NetworkOrder.u16(headers, header + Ipv4Header.ID_OFFSET);
            NetworkOrder.u16(headers, header + Ipv4Header.LENGTH_OFFSET, headerLength + length);
            NetworkOrder.u16(headers, header + Ipv4Header.ID_OFFSET, id + next);
            NetworkOrder.u16(headers, header + Ipv4Header.CHECKSUM_OFFSET, 0);
            long sum = InternetChecksum.sum(headers, header, packet.headerLength(), 0);
            InternetChecksum.store(headers, header + Ipv4Header.CHECKSUM_OFFSET, sum);
        } else {
            NetworkOrder.u16(
                    headers,
                    header + Ipv6Header.LENGTH_OFFSET,
                    headerLength + length - Ipv6Header.BYTES);
        }
    }

    private void writeTransportHeader(long header, int from, int length) {
        int headerBytes = headerLength - packet.headerLength();
        long sum = packet.pseudoHeaderSum(headerBytes + length);
        if (udp) {
            NetworkOrder.u16(headers, header + UdpHeader.LENGTH_OFFSET, headerBytes + length);
            NetworkOrder.u16(headers, header + UdpHeader.CHECKSUM_OFFSET, 0);
        } else {
            writeTcpFields(header, from);
        }
        if (seedOnly) {
            int field = udp ? UdpHeader.CHECKSUM_OFFSET : TcpHeader.CHECKSUM_OFFSET;
            InternetChecksum.storeSeed(headers, header + field, sum);
            return;
        }
        long payload = packet.offset() + headerLength + from;
        sum = InternetChecksum.sum(headers, header, headerBytes, sum);
        sum = InternetChecksum.sum(packet.memory(), payload, length, sum);
        if (udp) {
            InternetChecksum.storeUdp(headers, header + UdpHeader.CHECKSUM_OFFSET, sum);
        } else {
            InternetChecksum.store(headers, header + TcpHeader.CHECKSUM_OFFSET, sum);
        }
    }

    /** FIN and PSH belong to the last segment, CWR to the first. */
    private void writeTcpFields(long header, int from) {
        int sequence = NetworkOrder.i32(headers, header + TcpHeader.SEQUENCE_OFFSET);
        int flags = NetworkOrder.u8(headers, header + TcpHeader.FLAGS_OFFSET);
        if (next < segments - 1) {
            flags &= ~(TcpHeader.FIN | TcpHeader.PSH);
        }
        if (next > 0) {
            flags &= ~TcpHeader.CWR;
        }
        NetworkOrder.i32(headers, header + TcpHeader.SEQUENCE_OFFSET, sequence + from);
        NetworkOrder.u8(headers, header + TcpHeader.FLAGS_OFFSET, flags);
        NetworkOrder.u16(headers, header + TcpHeader.CHECKSUM_OFFSET, 0);
    }

    /** Bytes of fixed native memory that it holds; any thread. */
    public long bufferBytes() {
        return headers.byteSize();
    }
}
