package dev.culvert.overlay.encap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.culvert.net.MacAddress;
import dev.culvert.overlay.packet.EthernetHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class VxlanEncapsulationTest {
    private static final MacAddress OURS = MacAddress.parse("02:00:00:00:00:01");
    private static final MacAddress PEERS = MacAddress.parse("f2:11:22:33:44:55");
    private static final int VNI = 0x00abcd;

    private final VxlanEncapsulation encapsulation = new VxlanEncapsulation(VNI, OURS);

    @Test
    void writesTheHeadersOfRfc7348() {
        byte[] frame = new byte[VxlanEncapsulation.HEADROOM];

        encapsulation.write(
                MemorySegment.ofArray(frame), 0, PEERS.value(), EthernetHeader.TYPE_IPV6);

        assertThat(HexFormat.of().formatHex(frame))
                .isEqualTo("08000000" + "00abcd00" + "f21122334455" + "020000000001" + "86dd");
    }

    @Test
    void acceptsWhatAPeerWrites() {
        assertThat(check(frameToUs())).isNull();
    }

    @Test
    void refusesAFrameCutAnywhereInItsHeaders() {
        MemorySegment frame = frameToUs();
        for (int length = 0; length < VxlanEncapsulation.HEADROOM; length++) {
            assertThat(encapsulation.check(frame, 0, length)).isEqualTo(DropReason.TRUNCATED);
        }
    }

    @Test
    void refusesEveryReservedBit() {
        for (int bit = 0; bit < 64; bit++) {
            boolean vni = bit >= 32 && bit < 56;
            MemorySegment frame = frameToUs();
            byte[] bytes = frame.toArray(ValueLayout.JAVA_BYTE);
            bytes[bit / 8] ^= (byte) (0x80 >> (bit % 8));

            assertThat(check(MemorySegment.ofArray(bytes)))
                    .as("bit %d", bit)
                    .isEqualTo(vni ? DropReason.WRONG_VNI : DropReason.BAD_VXLAN_FLAGS);
        }
    }

    @Test
    void refusesAnotherNodesMac() {
        byte[] bytes = new byte[VxlanEncapsulation.HEADROOM];
        encapsulation.write(
                MemorySegment.ofArray(bytes), 0, PEERS.value(), EthernetHeader.TYPE_IPV4);

        assertThat(check(MemorySegment.ofArray(bytes))).isEqualTo(DropReason.WRONG_MAC);
    }

    @Test
    void refusesOtherEtherTypes() {
        byte[] bytes = new byte[VxlanEncapsulation.HEADROOM];
        encapsulation.write(MemorySegment.ofArray(bytes), 0, OURS.value(), 0x0806);

        assertThat(check(MemorySegment.ofArray(bytes))).isEqualTo(DropReason.NOT_IP_INSIDE);
    }

    @Test
    void refusesAVniBeyond24Bits() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new VxlanEncapsulation(1 << 24, OURS))
                .withMessageContaining("16777216");
    }

    private MemorySegment frameToUs() {
        MemorySegment frame = MemorySegment.ofArray(new byte[VxlanEncapsulation.HEADROOM]);
        new VxlanEncapsulation(VNI, PEERS).write(frame, 0, OURS.value(), EthernetHeader.TYPE_IPV4);
        return frame;
    }

    private @Nullable DropReason check(MemorySegment frame) {
        return encapsulation.check(frame, 0, (int) frame.byteSize());
    }
}
