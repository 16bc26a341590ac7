package dev.culvert.overlay;

import dev.culvert.linux.tun.TunQueue;
import dev.culvert.overlay.channel.DatagramBatch;
import dev.culvert.overlay.channel.TunChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
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
    private final IpPacket packet = new IpPacket();
    private Forwarding forwarding;

    IngressHandler(Loop loop, VxlanEncapsulation encapsulation, TunChannel tun) {
        this.loop = loop;
        this.encapsulation = encapsulation;
        this.tun = tun;
        this.forwarding = loop.forwarding().get();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        DatagramBatch batch = (DatagramBatch) message;
        forwarding = loop.forwarding().get();
        for (int i = 0; i < batch.count(); i++) {
            acceptMessage(batch, i);
        }
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
            deliver(memory, offset + HEADROOM, sender);
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

    /** The virtio-net header goes where the encapsulation was. */
    private void deliver(MemorySegment memory, int inner, Peer sender) {
        int header = inner - TunQueue.HEADER_BYTES;
        int length = packet.totalLength();
        VirtioNetHeader.writePlain(memory, header);
        LoopCounters counters = loop.counters();
        counters.add(LoopCounters.INGRESS_WRITES, 1);
        if (tun.write(memory.address() + header, TunQueue.HEADER_BYTES + length) < 0) {
            counters.drop(DropReason.TUN_REFUSED, 1);
            return;
        }
        counters.add(LoopCounters.INGRESS_PACKETS, 1);
        counters.add(LoopCounters.INGRESS_BYTES, length);
        sender.add(loop.number(), Peer.INGRESS_PACKETS, 1);
        sender.add(loop.number(), Peer.INGRESS_BYTES, length);
    }
}
