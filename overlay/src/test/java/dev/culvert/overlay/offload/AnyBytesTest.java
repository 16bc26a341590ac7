package dev.culvert.overlay.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.model.ModelPacket;
import dev.culvert.overlay.model.ModelSegmenter;
import dev.culvert.overlay.model.SuperPacket;
import dev.culvert.overlay.model.Traffic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/**
 * Any bytes may come from the kernel or the wire: never an exception, never a byte read or written
 * outside of the packet (the adapters see to that).
 */
class AnyBytesTest {
    private static final int VIRTIO = ModelSegmenter.VIRTIO_BYTES;

    private final SegmenterAdapter segmenter = new SegmenterAdapter(false);
    private final CoalescerAdapter coalescer = new CoalescerAdapter(true);

    @Provide
    Arbitrary<SuperPacket> superPackets() {
        return SuperPacket.any();
    }

    @Provide
    Arbitrary<Traffic> traffic() {
        return Traffic.any();
    }

    @Property(tries = 3000, edgeCases = EdgeCasesMode.NONE)
    void randomBytesFromTheTunDoNoHarm(@ForAll @IntRange(max = 300) int length, @ForAll long seed) {
        segmenter.send(plausible(new Random(seed), length));
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void mutatedSuperPacketsDoNoHarm(
            @ForAll("superPackets") SuperPacket packet, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] bytes = packet.bytes();
        mutate(bytes, random, Math.min(bytes.length, VIRTIO + 90));

        List<byte[]> sent = segmenter.send(bytes);

        for (byte[] each : sent) {
            assertThat(ModelPacket.isWhole(each)).as("what is sent is a whole packet").isTrue();
        }
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void randomBytesFromTheWireComeThroughAsTheyAre(
            @ForAll @IntRange(max = 200) int length, @ForAll long seed) {
        Random random = new Random(seed);
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            byte[] bytes = plausible(random, length);
            packets.add(Arrays.copyOfRange(bytes, VIRTIO, bytes.length));
        }
        assertComesThrough(packets);
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void mutatedTrafficFromTheWireComesThroughAsItIs(
            @ForAll("traffic") Traffic traffic, @ForAll long seed) {
        Random random = new Random(seed);
        List<byte[]> packets = traffic.packets();
        for (byte[] packet : packets) {
            if (random.nextInt(4) == 0) {
                mutate(packet, random, Math.min(packet.length, 90));
            }
        }
        assertComesThrough(packets);
    }

    private void assertComesThrough(List<byte[]> in) {
        List<byte[]> out = new ArrayList<>();
        for (byte[] written : coalescer.write(in)) {
            out.addAll(ModelSegmenter.cut(written));
        }
        assertThat(PacketLists.byFlow(out)).isEqualTo(PacketLists.byFlow(PacketLists.read(in)));
    }

    private static void mutate(byte[] bytes, Random random, int within) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(within)] = (byte) random.nextInt();
        }
    }

    /**
     * A virtio-net header and packet of which the first bytes make enough sense to be looked at.
     */
    private static byte[] plausible(Random random, int length) {
        byte[] bytes = new byte[VIRTIO + length];
        random.nextBytes(bytes);
        bytes[0] &= 1;
        bytes[1] = new byte[] {0, 1, 4, 5, (byte) 0x81, 3}[random.nextInt(6)];
        for (int i = 2; i < VIRTIO; i += 2) {
            if (random.nextInt(8) > 0) {
                bytes[i] &= 0x3f;
                bytes[i + 1] = 0;
            }
        }
        if (length >= 20 && random.nextInt(8) > 0) {
            boolean ipv4 = random.nextBoolean();
            bytes[VIRTIO] = (byte) (ipv4 ? 0x45 + random.nextInt(3) : 0x60);
            int said = Math.max(0, length - (ipv4 ? 0 : 40) - random.nextInt(3));
            bytes[VIRTIO + (ipv4 ? 2 : 4)] = (byte) (said >> 8);
            bytes[VIRTIO + (ipv4 ? 3 : 5)] = (byte) said;
            byte[] protocols = {6, 17, 0, 43, 44, 60, 1};
            bytes[VIRTIO + (ipv4 ? 9 : 6)] = protocols[random.nextInt(protocols.length)];
        }
        return bytes;
    }
}
