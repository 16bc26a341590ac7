package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.model.ModelSegmenter;
import dev.culvert.overlay.model.SuperPacket;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Super-packets are cut to the same bytes as by the model of the kernel's segmentation. */
class SegmenterModelTest {
    private final SegmenterAdapter segmenter = new SegmenterAdapter(false);
    private final SegmenterAdapter remote = new SegmenterAdapter(true);

    @Provide
    Arbitrary<SuperPacket> superPackets() {
        return SuperPacket.any();
    }

    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
    void cutsAsTheKernelDoes(@ForAll("superPackets") SuperPacket whole) {
        assertSameAsTheKernel(segmenter, whole);
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void leavesChecksumsToThePeerThatFinishesThem(@ForAll("superPackets") SuperPacket whole) {
        assertSameAsTheKernel(remote, whole);
    }

    private static void assertSameAsTheKernel(SegmenterAdapter segmenter, SuperPacket whole) {
        List<byte[]> expected = ModelSegmenter.cut(whole.bytes());

        List<byte[]> sent = segmenter.send(whole.bytes());

        assertThat(sent).hasSameSizeAs(expected);
        for (int i = 0; i < sent.size(); i++) {
            assertThat(SuperPacket.hex(sent.get(i)))
                    .as("headers of segment %d", i)
                    .isEqualTo(SuperPacket.hex(expected.get(i)));
            assertThat(sent.get(i)).as("segment %d", i).isEqualTo(expected.get(i));
        }
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void completesTheChecksumOfASinglePacket(@ForAll("superPackets") SuperPacket packet) {
        byte[] bytes = packet.bytes();
        bytes[1] = 0;

        List<byte[]> sent = segmenter.send(bytes);

        assertThat(sent).hasSize(1);
        assertThat(sent.getFirst()).isEqualTo(ModelSegmenter.cut(bytes).getFirst());
    }
}
