package dev.culvert.overlay;

import dev.culvert.linux.tun.TunQueue;
import dev.culvert.overlay.channel.DatagramBatch;
import dev.culvert.overlay.channel.TunChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.Coalescer;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.TcpHeader;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From the wire to the TUN queue: checks who sent a frame and what is inside, and hands the packet
 * to the kernel. On the channels' event loop; no allocation, no lock, no exception a packet.
 */
final class IngressHandler extends ChannelInboundHandlerAdapter {
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;

    private final Loop loop;
    private final VxlanEncapsulation encapsulation;
    private final TunChannel tun;
    private final boolean coalescing;
    private final Coalescer coalescer;
    private final IpPacket packet = new IpPacket();
    private @Nullable Peer heldSender;
    private Forwarding forwarding;
    private int mtu;

    IngressHandler(
            Loop loop, VxlanEncapsulation encapsulation, TunChannel tun, boolean coalescing) {
        this.loop = loop;
        this.encapsulation = encapsulation;
        this.tun = tun;
        this.coalescing = coalescing;
        this.coalescer = new Coalescer(tun.features().udp());
        this.forwarding = loop.forwarding().get();
        this.mtu = forwarding.mtu();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        DatagramBatch batch = (DatagramBatch) message;
        forwarding = loop.forwarding().get();
        mtu = forwarding.mtu();
        for (int i = 0; i < batch.count(); i++) {
            acceptMessage(batch, i);
        }
        writeHeld();
        loop.counters().add(LoopCounters.INGRESS_MESSAGES, batch.count());
    }

    private void acceptMessage(DatagramBatch batch, int index) {
        Peer sender = forwarding.senderAt(batch.sources(), batch.sourceOffset(index));
        int end = batch.offset(index) + batch.length(index);
        int step = Math.max(1, batch.segmentLength(index));
        int at = batch.offset(index);
        do {
            accept(batch.memory(), at, Math.min(step, end - at), sender);
            at += step;
        } while (at < end);
    }

    private void accept(MemorySegment memory, int offset, int length, @Nullable Peer sender) {
        DropReason reason =
                sender == null ? DropReason.UNKNOWN_VTEP : check(memory, offset, length, sender);
        if (reason != null) {
            loop.counters().drop(reason, 1);
        } else if (sender != null) {
            deliver(sender, memory, offset + HEADROOM);
        }
    }

    private @Nullable DropReason check(MemorySegment memory, int offset, int length, Peer sender) {
        DropReason reason = encapsulation.check(memory, offset, length);
        if (reason != null) {
            return reason;
        }
        int inner = offset + HEADROOM;
        if (!packet.parse(memory, inner, length - HEADROOM)) {
            return DropReason.TRUNCATED;
        }
        if (packet.etherType() != VxlanEncapsulation.etherType(memory, offset)) {
            return DropReason.NOT_IP_INSIDE;
        }
        if (!forwarding.mayCarry(sender, packet)) {
            return DropReason.SPOOFED_SOURCE;
        }
        return forwarding.isLocal(packet) ? null : DropReason.NOT_LOCAL;
    }

    private void deliver(Peer sender, MemorySegment memory, long inner) {
        if (coalescing && coalescer.append(packet)) {
            return;
        }
        writeHeld();
        if (coalescing && coalescer.begin(packet)) {
            heldSender = sender;
            return;
        }
        deliverSingle(sender, memory, inner);
    }

    private void writeHeld() {
        Peer sender = heldSender;
        if (sender != null) {
            int packets = coalescer.packets();
            int bytes = coalescer.totalLength();
            count(sender, packets, bytes, tun.write(coalescer.finish()));
            heldSender = null;
        }
    }

    /** The virtio-net header goes where the encapsulation was. */
    private void deliverSingle(Peer sender, MemorySegment memory, long inner) {
        long header = inner - TunQueue.HEADER_BYTES;
        int length = packet.totalLength();
        writeVirtioHeader(memory, header);
        count(
                sender,
                1,
                length,
                tun.write(memory.address() + header, TunQueue.HEADER_BYTES + length));
    }

    private void count(Peer sender, int packets, int bytes, long result) {
        LoopCounters counters = loop.counters();
        counters.add(LoopCounters.INGRESS_WRITES, 1);
        if (result < 0) {
            counters.drop(DropReason.TUN_REFUSED, packets);
            return;
        }
        counters.add(LoopCounters.INGRESS_PACKETS, packets);
        counters.add(LoopCounters.INGRESS_BYTES, bytes);
        sender.add(loop.number(), Peer.INGRESS_PACKETS, packets);
        sender.add(loop.number(), Peer.INGRESS_BYTES, bytes);
    }

    /**
     * Over a veth or between virtual machines of one host, a kernel peer's packets arrive as they
     * left its stack: with seeded checksums, and TCP super-packets uncut. The kernel here is told
     * so and treats them as it would those of a local sender.
     */
    private void writeVirtioHeader(MemorySegment memory, long header) {
        int field = packet.checksumField();
        if (field == 0 || !packet.isChecksumSeeded(field)) {
            VirtioNetHeader.writePlain(memory, header);
            return;
        }
        int tcpHeader = packet.protocol() == TcpHeader.PROTOCOL ? packet.tcpHeaderLength() : 0;
        int headers = packet.headerLength() + tcpHeader;
        if (tcpHeader > 0 && packet.totalLength() > mtu && mtu > headers) {
            int type = packet.isIpv4() ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6;
            VirtioNetHeader.writeSuper(memory, header, type, headers, mtu - headers);
        } else {
            VirtioNetHeader.writeSeeded(memory, header);
        }
        VirtioNetHeader.writeChecksum(memory, header, packet.headerLength(), field);
    }
}
