package dev.culvert.overlay.offload;

import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.UdpHeader;
import java.lang.foreign.MemorySegment;

/** Finishes a checksum that the kernel only seeded with the pseudo-header. Stateless. */
public final class ChecksumCompletion {
    private ChecksumCompletion() {}

    /**
     * Completes the checksum that a virtio-net header asks for.
     *
     * @param packet the packet, parsed
     * @param start where summing begins, from the start of the packet
     * @param field where the checksum stands, from {@code start}
     * @return false if those places are not in the packet
     */
    public static boolean complete(IpPacket packet, int start, int field) {
        int length = packet.totalLength() - start;
        if (length < field + 2) {
            return false;
        }
        MemorySegment memory = packet.memory();
        long from = packet.offset() + start;
        long sum = InternetChecksum.sum(memory, from, length, 0);
        if (packet.protocol() == UdpHeader.PROTOCOL) {
            InternetChecksum.storeUdp(memory, from + field, sum);
        } else {
            InternetChecksum.store(memory, from + field, sum);
        }
        return true;
    }
}
