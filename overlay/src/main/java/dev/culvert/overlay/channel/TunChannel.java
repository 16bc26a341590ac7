package dev.culvert.overlay.channel;

import dev.culvert.linux.IoVector;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.linux.tun.TunQueue;

/**
 * A TUN queue as a Netty channel on the epoll transport. Reads fire one {@link PacketBatch} a
 * round; {@link #write} hands packets to the kernel. Everything on the channel's event loop.
 */
public final class TunChannel extends EpollPacketChannel {
    /** What is this large is dealt with at once. */
    static final int LARGE_BYTES = 4096;

    private final TunQueue queue;
    private final PacketBatch batch;

    /**
     * @param queue owned by the channel from now on
     * @param headroom free bytes in front of each packet that is read, at least {@link
     *     TunQueue#HEADER_BYTES}
     */
    public TunChannel(TunQueue queue, int headroom) {
        super(queue.descriptor().number(), new TunAddress(queue.device()));
        if (headroom < TunQueue.HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "no room for the virtio-net header: headroom " + headroom);
        }
        this.queue = queue;
        this.batch = new PacketBatch(headroom);
    }

    /** What the kernel granted. */
    public TunFeatures features() {
        return queue.features();
    }

    @Override
    boolean readRound() throws LinuxException {
        long memory = batch.memory().address();
        long result = 0;
        int taken = 0;
        while (taken < PacketBatch.MAX_PACKETS) {
            long at = memory + batch.nextOffset() - TunQueue.HEADER_BYTES;
            result = LibC.read(number(), at, PacketBatch.MAX_PACKET_BYTES + TunQueue.HEADER_BYTES);
            if (result <= TunQueue.HEADER_BYTES) {
                break;
            }
            int length = (int) result - TunQueue.HEADER_BYTES;
            batch.append(length);
            taken++;
            if (length >= LARGE_BYTES) {
                // While it is in the cache, and so that the next one meets the same lines.
                fire();
            }
        }
        fire();
        checkRead(result, "read", queue.device());
        return taken > 0;
    }

    private void fire() {
        if (batch.count() > 0) {
            pipeline().fireChannelRead(batch);
            batch.clear();
        }
    }

    /**
     * Hands one packet or super-packet to the kernel.
     *
     * @param packet a virtio-net header and what follows it
     * @return the bytes taken, or a negated errno
     */
    public long write(IoVector packet) {
        return LibC.writev(number(), packet.address(), packet.count());
    }

    /** As {@link #write(IoVector)} of one piece of memory. */
    public long write(long address, long length) {
        return LibC.write(number(), address, length);
    }

    @Override
    void closeDescriptors() {
        queue.close();
    }

    /** Bytes of fixed native memory that it holds; any thread. */
    public long bufferBytes() {
        return batch.bufferBytes();
    }
}
