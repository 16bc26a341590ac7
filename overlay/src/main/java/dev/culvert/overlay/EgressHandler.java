package dev.culvert.overlay;

import dev.culvert.linux.Errno;
import dev.culvert.linux.IoVector;
import dev.culvert.linux.tun.TunQueue;
import dev.culvert.overlay.channel.PacketBatch;
import dev.culvert.overlay.channel.TunChannel;
import dev.culvert.overlay.channel.UdpChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.encap.TrafficClass;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.icmp.IcmpErrors;
import dev.culvert.overlay.offload.ChecksumCompletion;
import dev.culvert.overlay.offload.Segmenter;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.UdpHeader;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From the TUN queue to the wire: looks up the peer, encapsulates in the room before the packet,
 * and sends packets of one size to one peer in one call. Super-packets are cut on the way. What
 * nobody takes or what does not fit is answered by an ICMP error. On the channels' event loop; no
 * allocation, no lock, no exception a packet.
 */
final class EgressHandler extends ChannelInboundHandlerAdapter {
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;

    private final Loop loop;
    private final VxlanEncapsulation encapsulation;
    private final TunChannel tun;
    private final UdpChannel wire;
    private final IcmpErrors icmp;
    private final OuterDscp dscp;
    private final Segmenter segmenter;
    private final IpPacket packet = new IpPacket();
    private final IoVector vector = new IoVector(Arena.ofAuto(), vectorCapacity());
    private final BatchFlows flows = new BatchFlows();

    /** Of the packets that wait for their flow's turn. */
    private final @Nullable Peer[] peers = new Peer[PacketBatch.MAX_PACKETS];

    private final int[] lengths = new int[PacketBatch.MAX_PACKETS];
    private final int[] trafficClasses = new int[PacketBatch.MAX_PACKETS];

    private Forwarding forwarding;
    private @Nullable Peer runPeer;
    private int runSource;
    private int runClass;
    private int runLength;
    private int runCount;
    private long runInnerBytes;

    EgressHandler(Loop loop, VxlanEncapsulation encapsulation, TunChannel tun, UdpChannel wire) {
        this.loop = loop;
        this.encapsulation = encapsulation;
        this.tun = tun;
        this.wire = wire;
        this.icmp = loop.icmpErrors();
        this.dscp = loop.dscp();
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
            accept(batch, i);
        }
        sendSingles(batch);
    }

    private void accept(PacketBatch batch, int index) {
        MemorySegment memory = batch.memory();
        int offset = batch.offset(index);
        if (!packet.parse(memory, offset, batch.length(index))) {
            loop.counters().drop(DropReason.NOT_IP, 1);
            return;
        }
        int header = offset - TunQueue.HEADER_BYTES;
        int gsoType = VirtioNetHeader.gsoType(memory, header);
        boolean whole = gsoType == VirtioNetHeader.GSO_NONE;
        int gsoSize = whole ? 0 : VirtioNetHeader.gsoSize(memory, header);
        Peer peer = forwarding.destinationOf(packet);
        if (peer == null) {
            refuseUnknown(gsoSize);
        } else if (whole) {
            acceptSingle(index, header, peer);
        } else {
            sendSingles(batch);
            acceptSuper(gsoType, gsoSize, peer);
        }
    }

    private void acceptSingle(int index, int header, Peer peer) {
        if (packet.totalLength() > forwarding.mtu()) {
            refuseTooBig(peer, 0);
            return;
        }
        MemorySegment memory = packet.memory();
        boolean unfinished = VirtioNetHeader.needsChecksum(memory, header);
        boolean remote = unfinished && mayStayUnfinished(peer);
        if (unfinished
                && !remote
                && !ChecksumCompletion.complete(
                        packet,
                        VirtioNetHeader.checksumStart(memory, header),
                        VirtioNetHeader.checksumOffset(memory, header))) {
            drop(peer, DropReason.BAD_OFFLOAD, 1);
            return;
        }
        long frame = packet.offset() - HEADROOM;
        encapsulation.write(memory, frame, peer.mac(), packet.etherType());
        if (remote) {
            boolean udp = packet.protocol() == UdpHeader.PROTOCOL;
            encapsulation.markRemoteChecksum(memory, frame, packet.headerLength(), udp);
        }
        peers[index] = peer;
        lengths[index] = packet.totalLength();
        trafficClasses[index] = TrafficClass.outer(packet, dscp);
        flows.add(index, packet.flowHash());
    }

    /** Whether the seed is where the peer will look for it. */
    private boolean mayStayUnfinished(Peer peer) {
        int field = packet.checksumField();
        return peer.takesRemoteChecksum()
                && field != 0
                && VxlanEncapsulation.canMarkRemoteChecksum(packet.headerLength())
                && packet.isChecksumSeeded(field);
    }

    private void sendSingles(PacketBatch batch) {
        int count = flows.sort();
        for (int rank = 0; rank < count; rank++) {
            int source = wire.sourceOf(flows.hash(rank));
            for (int i = flows.first(rank); i >= 0; i = flows.after(i)) {
                Peer peer = peers[i];
                if (peer != null) {
                    append(batch, i, peer, source);
                }
            }
        }
        sendRun();
        flows.clear();
    }

    private void append(PacketBatch batch, int index, Peer peer, int source) {
        int length = HEADROOM + lengths[index];
        if (!continuesRun(peer, source, trafficClasses[index], length)) {
            sendRun();
            runPeer = peer;
            runSource = source;
            runClass = trafficClasses[index];
            runLength = length;
        }
        vector.add(batch.memory().address() + batch.offset(index) - HEADROOM, length);
        runCount++;
        runInnerBytes += lengths[index];
        if (length < runLength) {
            sendRun();
        }
    }

    /** All datagrams of a run but the last have one size. */
    private boolean continuesRun(Peer peer, int source, int trafficClass, int length) {
        return peer == runPeer
                && source == runSource
                && trafficClass == runClass
                && length <= runLength
                && runCount < Segmenter.MAX_SEGMENTS
                && vector.bytes() + length <= Segmenter.MAX_SEND_BYTES;
    }

    private void sendRun() {
        Peer peer = runPeer;
        if (peer != null && runCount > 0) {
            transmit(peer, runLength, runCount, runInnerBytes);
        }
        runPeer = null;
        runCount = 0;
        runInnerBytes = 0;
        vector.clear();
    }

    private void acceptSuper(int gsoType, int gsoSize, Peer peer) {
        if (!segmenter.begin(packet, gsoType, gsoSize, peer.mac(), peer.takesRemoteChecksum())) {
            drop(peer, DropReason.BAD_OFFLOAD, 1);
            return;
        }
        if (segmenter.frameBytes() - HEADROOM > forwarding.mtu()) {
            refuseTooBig(peer, gsoSize);
            return;
        }
        runSource = wire.sourceOf(packet.flowHash());
        runClass = TrafficClass.outer(packet, dscp);
        int segments = segmenter.fill(vector);
        while (segments > 0) {
            long inner = vector.bytes() - (long) segments * HEADROOM;
            transmit(peer, segmenter.frameBytes(), segments, inner);
            vector.clear();
            segments = segmenter.fill(vector);
        }
    }

    private void refuseUnknown(int gsoSize) {
        if (SelfTest.is(packet)) {
            sendToMyself();
            return;
        }
        loop.counters().drop(DropReason.NO_VTEP, 1);
        answer(icmp.unreachable(packet, gsoSize, System.nanoTime()));
    }

    /** Between two batches the vector is free. */
    private void sendToMyself() {
        Peer self = loop.self();
        long frame = packet.offset() - HEADROOM;
        int length = HEADROOM + packet.totalLength();
        encapsulation.write(packet.memory(), frame, self.mac(), packet.etherType());
        vector.add(packet.memory().address() + frame, length);
        if (wire.send(wire.sourceOf(0), self.socketAddress(), vector, length, 0) < 0) {
            loop.counters().drop(DropReason.SEND_FAILED, 1);
        }
        vector.clear();
    }

    private void drop(Peer peer, DropReason reason, int packets) {
        loop.counters().drop(reason, packets);
        peer.add(loop.number(), Peer.EGRESS_DROPS, packets);
    }

    private void refuseTooBig(Peer peer, int gsoSize) {
        drop(peer, DropReason.TOO_BIG, 1);
        answer(icmp.tooBig(packet, gsoSize, forwarding.mtu(), System.nanoTime()));
    }

    private void answer(int bytes) {
        if (bytes > 0) {
            tun.write(icmp.memory().address(), bytes);
        }
    }

    private void transmit(Peer peer, int length, int packets, long innerBytes) {
        LoopCounters counters = loop.counters();
        int result = wire.send(runSource, peer.socketAddress(), vector, length, runClass);
        counters.add(LoopCounters.EGRESS_SENDS, 1);
        if (result < 0) {
            drop(peer, reason(-result), packets);
            return;
        }
        counters.egressBatch(packets);
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

    /** Bytes of fixed native memory that it holds; any thread. */
    long bufferBytes() {
        return segmenter.bufferBytes() + vector.bufferBytes() + icmp.memory().byteSize();
    }
}
