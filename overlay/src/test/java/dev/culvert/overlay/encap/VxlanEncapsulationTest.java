package dev.culvert.overlay.encap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.culvert.net.MacAddress;
import dev.culvert.overlay.packet.EthernetHeader;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.PacketBuilder;
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
            assertThat(encapsulation.check(frame, 0, length, true)).isEqualTo(DropReason.TRUNCATED);
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

    /** The bits of VXLAN_HF_RCO, VXLAN_RCO_MASK and VXLAN_RCO_UDP in Linux' net/vxlan.h. */
    @Test
    void marksAnUnfinishedChecksumAsLinuxDoes() {
        byte[] frame = new byte[VxlanEncapsulation.HEADROOM];
        MemorySegment memory = MemorySegment.ofArray(frame);
        encapsulation.write(memory, 0, PEERS.value(), EthernetHeader.TYPE_IPV4);

        encapsulation.markRemoteChecksum(memory, 0, 20, false);
        assertThat(HexFormat.of().formatHex(frame, 0, 8)).isEqualTo("08200000" + "00abcd11");

        encapsulation.markRemoteChecksum(memory, 0, 40, true);
        assertThat(HexFormat.of().formatHex(frame, 0, 8)).isEqualTo("08200000" + "00abcd9b");
    }

    @Test
    void takesTheMarkFromThosePeersOnlyThatMayUseIt() {
        MemorySegment frame = frameToUs();
        encapsulation.markRemoteChecksum(frame, 0, 20, false);
        int length = (int) frame.byteSize();

        assertThat(encapsulation.check(frame, 0, length, true)).isNull();
        assertThat(VxlanEncapsulation.hasRemoteChecksum(frame, 0)).isTrue();
        assertThat(encapsulation.check(frame, 0, length, false))
                .isEqualTo(DropReason.BAD_VXLAN_FLAGS);
    }

    @Test
    void theMarkFitsThePlaceOfTheChecksumOnly() {
        byte[] tcp = PacketBuilder.ip(4).tcp(20, 1, 16, new byte[9]).build();
        byte[] udp = PacketBuilder.ip(6).udp(new byte[9]).build();

        assertThat(marked(tcp, 20, false)).isTrue();
        assertThat(marked(tcp, 20, true)).isFalse();
        assertThat(marked(tcp, 24, false)).isFalse();
        assertThat(marked(udp, 40, true)).isTrue();
        assertThat(marked(udp, 40, false)).isFalse();
        tcp[7] = 1;
        assertThat(marked(tcp, 20, false)).as("a fragment").isFalse();
    }

    private boolean marked(byte[] inner, int networkHeader, boolean udp) {
        MemorySegment frame = frameToUs();
        encapsulation.markRemoteChecksum(frame, 0, networkHeader, udp);
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(MemorySegment.ofArray(inner), 0, inner.length)).isTrue();
        return VxlanEncapsulation.isRemoteChecksumOf(frame, 0, packet);
    }

    private MemorySegment frameToUs() {
        MemorySegment frame = MemorySegment.ofArray(new byte[VxlanEncapsulation.HEADROOM]);
        new VxlanEncapsulation(VNI, PEERS).write(frame, 0, OURS.value(), EthernetHeader.TYPE_IPV4);
        return frame;
    }

    private @Nullable DropReason check(MemorySegment frame) {
        return encapsulation.check(frame, 0, (int) frame.byteSize(), false);
    }
}
