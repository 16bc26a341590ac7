package dev.culvert.overlay.channel;

import dev.culvert.linux.IoVector;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.SocketMemory;
import dev.culvert.linux.UdpSocket;
import dev.culvert.linux.libc.LibC;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * The underlay side of an event loop as a Netty channel on the epoll transport: one socket that
 * receives on the overlay's port, and several that send, each with a source port of its own so that
 * routers and receivers can spread flows. Reads fire one {@link DatagramBatch} a call; {@link
 * #send} sends. Everything on the channel's event loop.
 */
public final class UdpChannel extends EpollPacketChannel {
    private static final int MSG_DONTWAIT = 0x40;

    /** Rounds of receiving before the other channels of the loop get their turn. */
    private static final int ROUNDS = 4;

    /** After a message of this size the next are taken one by one. */
    private static final int LARGE_BYTES = 16_384;

    private final UdpSocket receiver;
    private final List<UdpSocket> senders;
    private final DatagramSender sender;
    private final DatagramBatch batch = new DatagramBatch();
    private int wanted = DatagramBatch.MAX_MESSAGES;

    /**
     * @param receiver bound to the overlay's port; owned by the channel from now on
     * @param senders bound to source ports; owned likewise
     * @param address what the receiver is bound to
     * @param vectorCapacity entries of the longest vector that will be sent
     */
    public UdpChannel(
            UdpSocket receiver,
            List<UdpSocket> senders,
            InetSocketAddress address,
            int vectorCapacity) {
        super(receiver.number(), address);
        this.receiver = receiver;
        this.senders = List.copyOf(senders);
        this.sender = new DatagramSender(senders, vectorCapacity);
    }

    @Override
    boolean readRound() throws LinuxException {
        boolean found = false;
        int rounds = ROUNDS * DatagramBatch.MAX_MESSAGES / wanted;
        for (int round = 0; round < rounds; round++) {
            int asked = wanted;
            int result = LibC.recvmmsg(number(), batch.headersAddress(), asked, MSG_DONTWAIT);
            if (result <= 0) {
                checkRead(result, "recvmmsg", localAddress());
                return found;
            }
            found = true;
            batch.received(result);
            // Large messages are best dealt with while they are in the cache.
            wanted = batch.length(result - 1) >= LARGE_BYTES ? 1 : DatagramBatch.MAX_MESSAGES;
            pipeline().fireChannelRead(batch);
            if (result < asked) {
                return true;
            }
        }
        return found;
    }

    /** Which source port the packets of a flow leave from. */
    public int sourceOf(int flow) {
        return sender.sourceOf(flow);
    }

    /**
     * Sends a run of datagrams to one peer.
     *
     * @param source as from {@link #sourceOf}
     * @param to the peer's socket address, filling the segment
     * @param datagrams the datagrams one behind the other
     * @param segmentLength bytes of each datagram but the last, which may be shorter
     * @param trafficClass the TOS byte or traffic class of them all
     * @return 0, or a negated errno if some were not sent
     */
    public int send(
            int source, MemorySegment to, IoVector datagrams, int segmentLength, int trafficClass) {
        return sender.send(source, to, datagrams, segmentLength, trafficClass);
    }

    /** Whether runs of datagrams still go out in one call. */
    public boolean segmentation() {
        return sender.segmentation();
    }

    /** Sends each datagram by itself from now on. */
    public void disableSegmentation() {
        sender.disableSegmentation();
    }

    /** Has this told, once, when the kernel makes it send each datagram by itself. */
    public void whenSegmentationFails(Runnable listener) {
        sender.whenSegmentationFails(listener);
    }

    /** What the queue of the receiving socket holds; any thread. */
    public SocketMemory receiverMemory() {
        return receiver.memory();
    }

    /** What the queues of all sending sockets hold; any thread. */
    public SocketMemory senderMemory() {
        return senders.stream()
                .map(UdpSocket::memory)
                .reduce(SocketMemory.NONE, SocketMemory::plus);
    }

    @Override
    void closeDescriptors() {
        receiver.close();
        senders.forEach(UdpSocket::close);
    }

    /** Bytes of fixed native memory that it holds; any thread. */
    public long bufferBytes() {
        return batch.bufferBytes() + sender.bufferBytes();
    }
}
