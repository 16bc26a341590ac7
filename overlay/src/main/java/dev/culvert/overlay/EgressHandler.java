package dev.culvert.overlay;

import dev.culvert.linux.Errno;
import dev.culvert.linux.IoVector;
import dev.culvert.linux.tun.TunQueue;
import dev.culvert.overlay.channel.PacketBatch;
import dev.culvert.overlay.channel.UdpChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.ChecksumCompletion;
import dev.culvert.overlay.offload.Segmenter;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From the TUN queue to the wire: looks up the peer, encapsulates in the room before the packet,
 * and sends packets of one size to one peer in one call. Super-packets are cut on the way. On the
 * channels' event loop; no allocation, no lock, no exception a packet.
 */
final class EgressHandler extends ChannelInboundHandlerAdapter {
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;

    private final Loop loop;
    private final VxlanEncapsulation encapsulation;
    private final UdpChannel wire;
    private final Segmenter segmenter;
    private final IpPacket packet = new IpPacket();
    private final IoVector vector = new IoVector(Arena.ofAuto(), vectorCapacity());

    private Forwarding forwarding;
    private @Nullable Peer runPeer;
    private int runFlow;
    private int runLength;
    private int runCount;
    private long runInnerBytes;

    EgressHandler(Loop loop, VxlanEncapsulation encapsulation, UdpChannel wire) {
        this.loop = loop;
        this.encapsulation = encapsulation;
        this.wire = wire;
        this.segmenter = new Segmenter(encapsulation);
        this.forwarding = loop.forwarding().get();
    }

    /** Entries of the longest vector: headers and payload of every segment of a send. */
    static int vectorCapacity() {
        return 2 * Segmenter.MAX_SEGMENTS;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        forwarding = loop.forwarding().get();
        for (int i = 0; i < batch.count(); i++) {
            accept(batch.memory(), batch.offset(i), batch.length(i));
        }
        sendRun();
    }

    private void accept(MemorySegment memory, int offset, int length) {
        if (!packet.parse(memory, offset, length)) {
            loop.counters().drop(DropReason.NOT_IP, 1);
            return;
        }
        Peer peer = forwarding.destinationOf(packet);
        if (peer == null) {
            loop.counters().drop(DropReason.NO_VTEP, 1);
            return;
        }
        int header = offset - TunQueue.HEADER_BYTES;
        int gsoType = VirtioNetHeader.gsoType(memory, header);
        if (gsoType == VirtioNetHeader.GSO_NONE) {
            acceptSingle(memory, offset, header, peer);
        } else {
            acceptSuper(gsoType, VirtioNetHeader.gsoSize(memory, header), peer);
        }
    }

    private void acceptSingle(MemorySegment memory, int offset, int header, Peer peer) {
        if (VirtioNetHeader.needsChecksum(memory, header)
                && !ChecksumCompletion.complete(
                        packet,
                        VirtioNetHeader.checksumStart(memory, header),
                        VirtioNetHeader.checksumOffset(memory, header))) {
            loop.counters().drop(DropReason.BAD_OFFLOAD, 1);
            return;
        }
        int flow = packet.flowHash();
        int length = HEADROOM + packet.totalLength();
        if (!continuesRun(peer, flow, length)) {
            sendRun();
            startRun(peer, flow, length);
        }
        encapsulation.write(memory, offset - HEADROOM, peer.mac(), packet.etherType());
        vector.add(memory.address() + offset - HEADROOM, length);
        runCount++;
        runInnerBytes += packet.totalLength();
        if (length < runLength) {
            sendRun();
        }
    }

    /** All datagrams of a run but the last have one size. */
    private boolean continuesRun(Peer peer, int flow, int length) {
        return peer == runPeer
                && flow == runFlow
                && length <= runLength
                && runCount < Segmenter.MAX_SEGMENTS
                && vector.bytes() + length <= Segmenter.MAX_SEND_BYTES;
    }

    private void startRun(Peer peer, int flow, int length) {
        runPeer = peer;
        runFlow = flow;
        runLength = length;
    }

    private void sendRun() {
        Peer peer = runPeer;
        if (peer != null && runCount > 0) {
            transmit(peer, runFlow, runLength, runCount, runInnerBytes);
        }
        runPeer = null;
        runCount = 0;
        runInnerBytes = 0;
        vector.clear();
    }

    private void acceptSuper(int gsoType, int gsoSize, Peer peer) {
        sendRun();
        if (!segmenter.begin(packet, gsoType, gsoSize, peer.mac())) {
            loop.counters().drop(DropReason.BAD_OFFLOAD, 1);
            return;
        }
        int flow = packet.flowHash();
        int segments = segmenter.fill(vector);
        while (segments > 0) {
            long inner = vector.bytes() - (long) segments * HEADROOM;
            transmit(peer, flow, segmenter.frameBytes(), segments, inner);
            vector.clear();
            segments = segmenter.fill(vector);
        }
    }

    private void transmit(Peer peer, int flow, int length, int packets, long innerBytes) {
        LoopCounters counters = loop.counters();
        int result = wire.send(flow, peer.socketAddress(), vector, length);
        counters.add(LoopCounters.EGRESS_SENDS, 1);
        if (result < 0) {
            counters.drop(reason(-result), packets);
            return;
        }
        counters.add(LoopCounters.EGRESS_PACKETS, packets);
        counters.add(LoopCounters.EGRESS_BYTES, innerBytes);
        peer.add(loop.number(), Peer.EGRESS_PACKETS, packets);
        peer.add(loop.number(), Peer.EGRESS_BYTES, innerBytes);
    }

    private static DropReason reason(int errno) {
        if (errno == Errno.EAGAIN.number() || errno == Errno.ENOBUFS.number()) {
            return DropReason.SEND_BUFFER_FULL;
        }
        return errno == Errno.EMSGSIZE.number() ? DropReason.TOO_BIG : DropReason.SEND_FAILED;
    }
}
