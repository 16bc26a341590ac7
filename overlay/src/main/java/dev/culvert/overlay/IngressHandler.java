package dev.culvert.overlay;

import dev.culvert.linux.tun.TunQueue;
import dev.culvert.overlay.channel.DatagramBatch;
import dev.culvert.overlay.channel.TunChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.TrafficClass;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.Coalescer;
import dev.culvert.overlay.offload.SuperPacket;
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
    private final Coalescer<Peer> coalescer;
    private final IpPacket packet = new IpPacket();
    private int overflows;
    private Forwarding forwarding;
    private int mtu;

    IngressHandler(
            Loop loop, VxlanEncapsulation encapsulation, TunChannel tun, boolean coalescing) {
        this.loop = loop;
        this.encapsulation = encapsulation;
        this.tun = tun;
        this.coalescing = coalescing;
        this.coalescer = new Coalescer<>(tun.features().udp(), this::write);
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
        coalescer.flush();
        loop.counters().add(LoopCounters.INGRESS_MESSAGES, batch.count());
        countOverflows(batch.overflows());
    }

    /** The kernel's number wraps around at 32 bits, and so does the difference. */
    private void countOverflows(int now) {
        if (now != overflows) {
            loop.counters()
                    .drop(DropReason.RECEIVE_BUFFER_FULL, Integer.toUnsignedLong(now - overflows));
            overflows = now;
        }
    }

    private void acceptMessage(DatagramBatch batch, int index) {
        Peer sender = forwarding.senderAt(batch.sources(), batch.sourceOffset(index));
        int end = batch.offset(index) + batch.length(index);
        int step = Math.max(1, batch.segmentLength(index));
        int at = batch.offset(index);
        int trafficClass = batch.trafficClass(index);
        int datagrams = 0;
        do {
            int length = Math.min(step, end - at);
            if (sender == null) {
                refuseUnknown(batch, index, at, length);
            } else {
                accept(batch.memory(), at, length, sender, trafficClass);
            }
            at += step;
            datagrams++;
        } while (at < end);
        loop.counters().ingressBatch(datagrams);
        loop.counters().add(LoopCounters.INGRESS_DATAGRAMS, datagrams);
    }

    private void refuseUnknown(DatagramBatch batch, int index, int offset, int length) {
        boolean test =
                forwarding.isSelf(batch.sources(), batch.sourceOffset(index))
                        && encapsulation.check(batch.memory(), offset, length, false) == null
                        && packet.parse(batch.memory(), offset + HEADROOM, length - HEADROOM)
                        && SelfTest.is(packet);
        if (test) {
            loop.counters().add(LoopCounters.SELF_TESTS, 1);
        } else {
            loop.counters().drop(DropReason.UNKNOWN_VTEP, 1);
        }
    }

    private void drop(Peer sender, DropReason reason, int packets) {
        loop.counters().drop(reason, packets);
        sender.add(loop.number(), Peer.INGRESS_DROPS, packets);
    }

    private void accept(
            MemorySegment memory, int offset, int length, Peer sender, int trafficClass) {
        DropReason reason = check(memory, offset, length, sender);
        if (reason != null) {
            drop(sender, reason, 1);
        } else if (!TrafficClass.decapsulate(packet, trafficClass)) {
            drop(sender, DropReason.ECN_MISMATCH, 1);
        } else if (!coalescing || !coalescer.offer(packet, sender, mtu)) {
            writeSingle(sender, memory, offset + HEADROOM);
        }
    }

    private @Nullable DropReason check(MemorySegment memory, int offset, int length, Peer sender) {
        DropReason reason =
                encapsulation.check(memory, offset, length, sender.takesRemoteChecksum());
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
        if (VxlanEncapsulation.hasRemoteChecksum(memory, offset)
                && !(VxlanEncapsulation.isRemoteChecksumOf(memory, offset, packet)
                        && packet.isChecksumSeeded(packet.checksumField()))) {
            return DropReason.BAD_REMOTE_CHECKSUM;
        }
        if (!forwarding.mayCarry(sender, packet)) {
            return DropReason.SPOOFED_SOURCE;
        }
        return forwarding.isLocal(packet) ? null : DropReason.NOT_LOCAL;
    }

    private void write(SuperPacket<Peer> held) {
        Peer sender = held.owner();
        int packets = held.packets();
        int bytes = held.totalLength();
        long result = tun.write(held.finish());
        if (sender != null) {
            count(sender, packets, bytes, result);
        }
    }

    /** The virtio-net header goes where the encapsulation was. */
    private void writeSingle(Peer sender, MemorySegment memory, long inner) {
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
            drop(sender, DropReason.TUN_REFUSED, packets);
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

    /** Bytes of fixed native memory that it holds; any thread. */
    long bufferBytes() {
        return coalescer.bufferBytes();
    }
}
