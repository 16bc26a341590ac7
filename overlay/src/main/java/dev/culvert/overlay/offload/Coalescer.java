package dev.culvert.overlay.offload;

import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.TcpHeader;
import dev.culvert.overlay.packet.UdpHeader;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts consecutive packets of TCP and UDP flows together to super-packets, as the kernel's receive
 * offload would, for several flows at a time. Packets of a flow leave in the order in which they
 * came. One event loop; the memory of the packets must stay until {@link #flush}.
 *
 * @param <T> who packets come from
 */
public final class Coalescer<T> {
    /** Flows at a time: the kernel holds eight in each of its buckets. */
    private static final int FLOWS = 16;

    /** The flags that a segment in the middle of a stream may have. */
    private static final int PLAIN_FLAGS = TcpHeader.ACK | TcpHeader.PSH;

    private final boolean udpToo;
    private final Sink<T> sink;

    /** The first {@link #held} of them are in use. */
    private final List<SuperPacket<T>> slots = new ArrayList<>(FLOWS);

    private int held;

    /**
     * Takes finished super-packets.
     *
     * @param <T> who packets come from
     */
    @FunctionalInterface
    public interface Sink<T> {
        /** Takes one, of one packet or several; it may be used until this returns. */
        void write(SuperPacket<T> packet);
    }

    /**
     * @param udpToo whether the kernel takes UDP super-packets
     * @param sink takes what is complete
     */
    public Coalescer(boolean udpToo, Sink<T> sink) {
        this.udpToo = udpToo;
        this.sink = sink;
        for (int i = 0; i < FLOWS; i++) {
            slots.add(new SuperPacket<>());
        }
    }

    /**
     * Takes a packet on, if others could follow or precede it. If not, all that came before it in
     * its flow has been written when this returns, and the packet is the caller's to write.
     *
     * @param from who it came from
     * @param mtu a larger packet is a super-packet already, and not taken
     * @return whether it was taken
     */
    public boolean offer(IpPacket packet, T from, int mtu) {
        if (packet.totalLength() > mtu || !isCandidate(packet)) {
            release(packet);
            return false;
        }
        int flow = packet.flowHash();
        int slot = find(flow);
        if (slot >= 0) {
            SuperPacket<T> current = slots.get(slot);
            if (current.append(packet)) {
                writeIfClosed(slot);
                return true;
            }
            write(slot);
        }
        return begin(packet, flow, from);
    }

    /** Writes all that is held, the oldest flow first. */
    public void flush() {
        for (int slot = 0; slot < held; slot++) {
            sink.write(slots.get(slot));
        }
        held = 0;
    }

    private boolean begin(IpPacket packet, int flow, T from) {
        if (held == FLOWS) {
            write(0);
        }
        if (!slots.get(held).begin(packet, flow, from)) {
            return false;
        }
        held++;
        writeIfClosed(held - 1);
        return true;
    }

    /** Of packets without ports nobody knows which flow they belong to. */
    private void release(IpPacket packet) {
        if (held == 0) {
            return;
        }
        if (!packet.hasPorts()) {
            flush();
            return;
        }
        int slot = find(packet.flowHash());
        if (slot >= 0) {
            write(slot);
        }
    }

    private int find(int flow) {
        for (int slot = 0; slot < held; slot++) {
            if (slots.get(slot).flow() == flow) {
                return slot;
            }
        }
        return -1;
    }

    private void writeIfClosed(int slot) {
        if (slots.get(slot).isClosed()) {
            write(slot);
        }
    }

    /** The others move up, so that they stay in the order of their age. */
    private void write(int slot) {
        SuperPacket<T> packet = slots.get(slot);
        sink.write(packet);
        held--;
        for (int i = slot; i < held; i++) {
            slots.set(i, slots.get(i + 1));
        }
        slots.set(held, packet);
    }

    /** Plain headers, some payload, and nothing that needs attention by itself. */
    private boolean isCandidate(IpPacket packet) {
        int plain = packet.isIpv4() ? Ipv4Header.MIN_BYTES : Ipv6Header.BYTES;
        if (packet.headerLength() != plain || packet.isFragment()) {
            return false;
        }
        return switch (packet.protocol()) {
            case TcpHeader.PROTOCOL -> isPlainTcp(packet);
            case UdpHeader.PROTOCOL -> udpToo && isPlainUdp(packet);
            default -> false;
        };
    }

    private static boolean isPlainTcp(IpPacket packet) {
        int header = packet.tcpHeaderLength();
        if (header == 0 || packet.transportLength() <= header) {
            return false;
        }
        int flags = SuperPacket.flags(packet);
        return (flags & TcpHeader.ACK) != 0 && (flags & ~PLAIN_FLAGS) == 0;
    }

    private static boolean isPlainUdp(IpPacket packet) {
        if (packet.transportLength() <= UdpHeader.BYTES) {
            return false;
        }
        long udp = packet.transport();
        return NetworkOrder.u16(packet.memory(), udp + UdpHeader.LENGTH_OFFSET)
                        == packet.transportLength()
                && NetworkOrder.u16(packet.memory(), udp + UdpHeader.CHECKSUM_OFFSET) != 0;
    }

    /** Bytes of fixed native memory of all slots, used or not; they stay the same ones. */
    public long bufferBytes() {
        return slots.stream().mapToLong(SuperPacket::bufferBytes).sum();
    }
}
