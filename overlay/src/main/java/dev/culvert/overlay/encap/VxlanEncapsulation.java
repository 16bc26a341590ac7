package dev.culvert.overlay.encap;

import dev.culvert.net.MacAddress;
import dev.culvert.overlay.packet.EthernetHeader;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.UdpHeader;
import dev.culvert.overlay.packet.VxlanHeader;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The VXLAN and inner Ethernet headers of one node: writes those that lead to a peer and checks
 * those that arrive. Immutable, any thread.
 *
 * <p>As Linux does, and other than RFC 7348 says, a frame with any reserved bit set is refused: the
 * bits belong to extensions that change what follows. Of these, remote checksum offload is known
 * and taken from those peers that may use it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7348">RFC 7348</a>
 */
public final class VxlanEncapsulation {
    /** Bytes in front of the inner IP packet: VXLAN header and inner Ethernet header. */
    public static final int HEADROOM = VxlanHeader.BYTES + EthernetHeader.BYTES;

    /** What the outer headers add to the inner packet over IPv4: with IP and UDP header. */
    public static final int IPV4_OVERHEAD = HEADROOM + 28;

    /** What the outer headers add to the inner packet over IPv6. */
    public static final int IPV6_OVERHEAD = HEADROOM + 48;

    private static final int MAX_VNI = 0xff_ffff;
    private static final int MAC_OFFSET = VxlanHeader.BYTES + EthernetHeader.DESTINATION_OFFSET;
    private static final int TYPE_OFFSET = VxlanHeader.BYTES + EthernetHeader.TYPE_OFFSET;

    private final int vniWord;
    private final long localMac;

    /**
     * @param vni the network id, 24 bits
     * @param localMac the address that peers send inner frames to
     */
    public VxlanEncapsulation(int vni, MacAddress localMac) {
        if (vni < 0 || vni > MAX_VNI) {
            throw new IllegalArgumentException("a VNI is 0 to 16777215: " + vni);
        }
        this.vniWord = vni << 8;
        this.localMac = localMac.value();
    }

    /** Writes the {@link #HEADROOM} bytes of a frame to {@code peerMac} at {@code offset}. */
    public void write(MemorySegment memory, long offset, long peerMac, int etherType) {
        NetworkOrder.i64(
                memory,
                offset,
                ((long) VxlanHeader.FLAG_VNI_VALID << 32) | Integer.toUnsignedLong(vniWord));
        NetworkOrder.i64(memory, offset + MAC_OFFSET, (peerMac << 16) | (localMac >>> 32));
        NetworkOrder.i32(memory, offset + MAC_OFFSET + 8, (int) localMac);
        NetworkOrder.u16(memory, offset + TYPE_OFFSET, etherType);
    }

    /**
     * Marks a frame that {@link #write} wrote: its inner checksum holds the seed only, and the
     * receiver is to finish it.
     *
     * @param networkHeader bytes of the inner network header, at most 112
     * @param udp whether it is UDP inside, else TCP
     */
    public void markRemoteChecksum(
            MemorySegment memory, long offset, int networkHeader, boolean udp) {
        int start = (EthernetHeader.BYTES + networkHeader) / 2;
        int last = start | (udp ? VxlanHeader.REMOTE_CHECKSUM_UDP : 0);
        NetworkOrder.i32(
                memory, offset, VxlanHeader.FLAG_VNI_VALID | VxlanHeader.FLAG_REMOTE_CHECKSUM);
        NetworkOrder.i32(memory, offset + VxlanHeader.VNI_OFFSET, vniWord | last);
    }

    /** Whether the mark can say where a transport header behind so many bytes begins. */
    public static boolean canMarkRemoteChecksum(int networkHeader) {
        return EthernetHeader.BYTES + networkHeader <= 2 * VxlanHeader.REMOTE_CHECKSUM_START_MASK;
    }

    /** Whether a frame that {@link #check} passed has the mark. */
    public static boolean hasRemoteChecksum(MemorySegment memory, long offset) {
        return (NetworkOrder.i32(memory, offset) & VxlanHeader.FLAG_REMOTE_CHECKSUM) != 0;
    }

    /** Whether the mark names the place where the packet inside has its checksum. */
    public static boolean isRemoteChecksumOf(MemorySegment memory, long offset, IpPacket inner) {
        boolean udp = inner.protocol() == UdpHeader.PROTOCOL;
        int expected = (EthernetHeader.BYTES + inner.headerLength()) / 2;
        int last = NetworkOrder.u8(memory, offset + VxlanHeader.BYTES - 1);
        return inner.checksumField() != 0
                && last == (expected | (udp ? VxlanHeader.REMOTE_CHECKSUM_UDP : 0));
    }

    /**
     * Checks the {@link #HEADROOM} bytes of a frame of {@code length} bytes at {@code offset}.
     *
     * @param remoteChecksum whether the sender may have marked it for remote checksum offload
     * @return why it must be dropped, or null
     */
    public @Nullable DropReason check(
            MemorySegment memory, long offset, int length, boolean remoteChecksum) {
        if (length < HEADROOM) {
            return DropReason.TRUNCATED;
        }
        int flags = NetworkOrder.i32(memory, offset);
        int word = NetworkOrder.i32(memory, offset + VxlanHeader.VNI_OFFSET);
        if (remoteChecksum && (flags & VxlanHeader.FLAG_REMOTE_CHECKSUM) != 0) {
            flags &= ~VxlanHeader.FLAG_REMOTE_CHECKSUM;
            word &= ~0xff;
        }
        if (flags != VxlanHeader.FLAG_VNI_VALID) {
            return DropReason.BAD_VXLAN_FLAGS;
        }
        if (word != vniWord) {
            return (word & 0xff) != 0 ? DropReason.BAD_VXLAN_FLAGS : DropReason.WRONG_VNI;
        }
        if (NetworkOrder.i64(memory, offset + MAC_OFFSET) >>> 16 != localMac) {
            return DropReason.WRONG_MAC;
        }
        int type = NetworkOrder.u16(memory, offset + TYPE_OFFSET);
        boolean ip = type == EthernetHeader.TYPE_IPV4 || type == EthernetHeader.TYPE_IPV6;
        return ip ? null : DropReason.NOT_IP_INSIDE;
    }

    /** The inner frame's EtherType, once {@link #check} has passed it. */
    public static int etherType(MemorySegment memory, long offset) {
        return NetworkOrder.u16(memory, offset + TYPE_OFFSET);
    }
}
