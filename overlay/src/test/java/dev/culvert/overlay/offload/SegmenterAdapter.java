package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.IoVector;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.model.ModelReceiver;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.NativeBytes;
import dev.culvert.overlay.packet.PacketMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Treats what a TUN queue hands over as the egress side does, and notes the inner packets that
 * would be sent.
 */
final class SegmenterAdapter {
    private static final MacAddress PEER = MacAddress.parse("02:00:00:00:00:09");
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;

    private final VxlanEncapsulation encapsulation =
            new VxlanEncapsulation(1, MacAddress.parse("02:00:00:00:00:01"));
    private final VxlanEncapsulation receiver = new VxlanEncapsulation(1, PEER);
    private final Segmenter segmenter = new Segmenter(encapsulation);
    private final IoVector vector = new IoVector(Arena.ofAuto(), 2 * Segmenter.MAX_SEGMENTS);
    private final IpPacket packet = new IpPacket();
    private final boolean remoteChecksum;

    /**
     * @param remoteChecksum whether the peer finishes checksums; what is sent is noted as it is
     *     when it has done so
     */
    SegmenterAdapter(boolean remoteChecksum) {
        this.remoteChecksum = remoteChecksum;
    }

    /** What is sent for a virtio-net header and packet; nothing if it is to be dropped. */
    List<byte[]> send(byte[] read) {
        List<byte[]> sent = new ArrayList<>();
        try (PacketMemory memory = new PacketMemory(List.of(read), 0)) {
            MemorySegment slice = memory.slice(0);
            int start = VirtioNetHeader.BYTES;
            if (packet.parse(slice, start, read.length - start)) {
                packet.flowHash();
                int type = VirtioNetHeader.gsoType(slice, 0);
                if (type == VirtioNetHeader.GSO_NONE) {
                    single(slice, sent);
                } else {
                    cut(slice, type, sent);
                }
            }
            assertThat(memory.guardsHold()).as("nothing was written outside of it").isTrue();
        }
        return sent;
    }

    private void single(MemorySegment slice, List<byte[]> sent) {
        boolean good =
                !VirtioNetHeader.needsChecksum(slice, 0)
                        || ChecksumCompletion.complete(
                                packet,
                                VirtioNetHeader.checksumStart(slice, 0),
                                VirtioNetHeader.checksumOffset(slice, 0));
        if (good) {
            sent.add(NativeBytes.bytes(slice, packet.offset(), packet.totalLength()));
        }
    }

    private void cut(MemorySegment slice, int type, List<byte[]> sent) {
        byte[] before = slice.toArray(ValueLayout.JAVA_BYTE);
        int size = VirtioNetHeader.gsoSize(slice, 0);
        if (segmenter.begin(packet, type, size, PEER.value(), remoteChecksum)) {
            vector.clear();
            for (int count = segmenter.fill(vector); count > 0; count = segmenter.fill(vector)) {
                takeFrames(count, sent);
                vector.clear();
            }
        }
        assertThat(slice.toArray(ValueLayout.JAVA_BYTE))
                .as("the super-packet itself")
                .isEqualTo(before);
    }

    /** All frames of a send have one size, but for the last, and a header that a peer takes. */
    private void takeFrames(int count, List<byte[]> sent) {
        byte[] bytes = NativeBytes.gather(vector);
        int size = segmenter.frameBytes();
        assertThat((bytes.length + size - 1) / size).as("frames").isEqualTo(count);
        assertThat(count == 1 || bytes.length <= Segmenter.MAX_SEND_BYTES).isTrue();
        for (int at = 0; at < bytes.length; at += size) {
            byte[] frame = Arrays.copyOfRange(bytes, at, Math.min(at + size, bytes.length));
            MemorySegment memory = MemorySegment.ofArray(frame);
            assertThat(receiver.check(memory, 0, frame.length, remoteChecksum))
                    .as("refused as")
                    .isNull();
            assertThat(ModelReceiver.isMarked(frame)).as("marked").isEqualTo(remoteChecksum);
            sent.add(
                    remoteChecksum
                            ? finished(frame)
                            : Arrays.copyOfRange(frame, HEADROOM, frame.length));
        }
    }

    /** Both the seed and the mark must be as the receiving side wants them. */
    private static byte[] finished(byte[] frame) {
        IpPacket inner = new IpPacket();
        MemorySegment memory = MemorySegment.ofArray(frame);
        assertThat(inner.parse(memory, HEADROOM, frame.length - HEADROOM)).isTrue();
        assertThat(VxlanEncapsulation.isRemoteChecksumOf(memory, 0, inner)).as("place").isTrue();
        assertThat(inner.isChecksumSeeded(inner.checksumField())).as("seed").isTrue();
        return ModelReceiver.finished(frame);
    }
}
