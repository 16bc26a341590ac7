package dev.culvert.overlay.encap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.PacketBuilder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrafficClassTest {
    private static final int DROP = -1;

    /** Figure 4 of RFC 6040: a row for each inner mark, a column for each outer one, by number. */
    private static final int[][] FIGURE_4 = {
        {0b00, 0b00, 0b00, DROP},
        {0b01, 0b01, 0b01, 0b11},
        {0b10, 0b01, 0b10, 0b11},
        {0b11, 0b11, 0b11, 0b11},
    };

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void decapsulatesAllCombinationsAsTheRfcSays(int version) {
        for (int inner = 0; inner < 256; inner++) {
            for (int outer = 0; outer < 256; outer++) {
                byte[] bytes = packet(version, inner);
                boolean kept = TrafficClass.decapsulate(view(bytes), outer);

                int expected = FIGURE_4[inner & 3][outer & 3];
                assertThat(kept).as("%d in %d", inner, outer).isEqualTo(expected != DROP);
                int mark = expected == DROP ? inner & 3 : expected;
                assertThat(bytes)
                        .as("%d in %d", inner, outer)
                        .isEqualTo(packet(version, (inner & ~3) | mark));
            }
        }
    }

    /** The network's own mark comes first; what is copied must come out again on the other side. */
    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void whatGoesInComesOutOfATunnelThatMarksNothing(int version) {
        for (int inner = 0; inner < 256; inner++) {
            for (OuterDscp dscp : OuterDscp.values()) {
                byte[] bytes = packet(version, inner);
                int outer = TrafficClass.outer(view(bytes), dscp);

                assertThat(outer).isEqualTo(dscp == OuterDscp.INHERIT ? inner : inner & 3);
                assertThat(TrafficClass.decapsulate(view(bytes), outer)).isTrue();
                assertThat(bytes).isEqualTo(packet(version, inner));
            }
        }
    }

    /** Every checksum that a header can have: the identification is free to choose it. */
    @ParameterizedTest
    @ValueSource(ints = {0b01, 0b10})
    void theChecksumHoldsAfterTheMarkWhateverItWasBefore(int ecn) {
        for (int id = 0; id <= 0xffff; id++) {
            byte[] bytes = packet(4, ecn);
            bytes[4] = (byte) (id >> 8);
            bytes[5] = (byte) id;
            checksum(bytes);

            assertThat(TrafficClass.decapsulate(view(bytes), 0b11)).isTrue();

            MemorySegment memory = MemorySegment.ofArray(bytes);
            int sum = InternetChecksum.fold(InternetChecksum.sum(memory, 0, 20, 0));
            assertThat(sum).as("id %d", id).isEqualTo(0xffff);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 0x8000, 0xfffe})
    void aWrongHeaderChecksumIsNotRepaired(int error) {
        byte[] bytes = packet(4, 0b10);
        bytes[10] ^= (byte) (error >> 8);
        bytes[11] ^= (byte) error;

        assertThat(TrafficClass.decapsulate(view(bytes), 0b11)).isTrue();

        int sum =
                InternetChecksum.fold(InternetChecksum.sum(MemorySegment.ofArray(bytes), 0, 20, 0));
        assertThat(sum).isNotEqualTo(0xffff);
    }

    private static IpPacket view(byte[] bytes) {
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        return packet;
    }

    private static byte[] packet(int version, int trafficClass) {
        byte[] bytes = PacketBuilder.ip(version).udp(PacketBuilder.payload(30)).build();
        if (version == 4) {
            bytes[1] = (byte) trafficClass;
            checksum(bytes);
        } else {
            bytes[0] = (byte) (0x60 | (trafficClass >> 4));
            bytes[1] = (byte) ((trafficClass << 4) | 0x0a);
        }
        return bytes;
    }

    private static void checksum(byte[] bytes) {
        MemorySegment memory = MemorySegment.ofArray(bytes);
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, 10, (short) 0);
        InternetChecksum.store(memory, 10, InternetChecksum.sum(memory, 0, 20, 0));
    }
}
