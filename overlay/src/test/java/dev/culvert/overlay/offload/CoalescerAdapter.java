package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.NativeBytes;
import dev.culvert.overlay.packet.PacketMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Uses the coalescer as the ingress side does, and notes what would be written to the TUN. */
final class CoalescerAdapter {
    private static final int MTU = 1600;

    private final boolean udpToo;

    CoalescerAdapter(boolean udpToo) {
        this.udpToo = udpToo;
    }

    /**
     * What is written for these packets, each with its virtio-net header, in the order of writing.
     * Packets that cannot be parsed are left out.
     */
    List<byte[]> write(List<byte[]> packets) {
        List<byte[]> written = new ArrayList<>();
        try (PacketMemory memory = new PacketMemory(packets, VxlanEncapsulation.HEADROOM)) {
            Coalescer<String> coalescer =
                    new Coalescer<>(
                            udpToo, whole -> written.add(NativeBytes.gather(whole.finish())));
            IpPacket packet = new IpPacket();
            for (int i = 0; i < packets.size(); i++) {
                if (packet.parse(memory.slice(i), memory.start(i), memory.length(i))
                        && !coalescer.offer(packet, "peer", MTU)) {
                    written.add(single(packet));
                }
            }
            coalescer.flush();
            assertThat(memory.guardsHold()).as("nothing was written outside of packets").isTrue();
        }
        return written;
    }

    private static byte[] single(IpPacket packet) {
        byte[] result = new byte[VirtioNetHeader.BYTES + packet.totalLength()];
        MemorySegment header = MemorySegment.ofArray(result);
        int field = packet.checksumField();
        if (field != 0 && packet.isChecksumSeeded(field)) {
            VirtioNetHeader.writeSeeded(header, 0);
            VirtioNetHeader.writeChecksum(header, 0, packet.headerLength(), field);
        }
        byte[] bytes = NativeBytes.bytes(packet.memory(), packet.offset(), packet.totalLength());
        System.arraycopy(bytes, 0, result, VirtioNetHeader.BYTES, bytes.length);
        return result;
    }
}
