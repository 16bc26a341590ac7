package dev.culvert.overlay.icmp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.PacketBuilder;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerRulesTest {
    private static final Set<Integer> ICMPV4_QUERIES =
            Set.of(0, 1, 2, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18);

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void anOrdinaryPacketIsAnswered(int version) {
        assertThat(permitted(udp(version))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.1.2.3",
                "127.0.0.1",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255"
            })
    void noOneHostMeansNoAnswerOverIpv4(String address) {
        assertThat(permitted(PacketBuilder.ip(4).from(address).udp(new byte[8]).build())).isFalse();
        assertThat(permitted(PacketBuilder.ip(4).to(address).udp(new byte[8]).build())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"::", "::1", "ff02::1", "ff0e::5", "fe80::1", "febf::1"})
    void noOneHostMeansNoAnswerOverIpv6(String address) {
        assertThat(permitted(PacketBuilder.ip(6).from(address).udp(new byte[8]).build())).isFalse();
        assertThat(permitted(PacketBuilder.ip(6).to(address).udp(new byte[8]).build())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"::2", "fec0::1", "2001:db8::1", "::1:0:0:0:1"})
    void addressesThatLookAlikeAreAnswered(String address) {
        assertThat(permitted(PacketBuilder.ip(6).from(address).udp(new byte[8]).build())).isTrue();
    }

    @Test
    void neverAnswersAnErrorOverIpv4() {
        for (int type = 0; type < 256; type++) {
            byte[] packet = icmp(4, type);
            assertThat(permitted(packet))
                    .as("type %d", type)
                    .isEqualTo(ICMPV4_QUERIES.contains(type));
        }
    }

    @Test
    void neverAnswersAnErrorOrARedirectOverIpv6() {
        for (int type = 0; type < 256; type++) {
            assertThat(permitted(icmp(6, type)))
                    .as("type %d", type)
                    .isEqualTo(type >= 128 && type != 137);
        }
    }

    @Test
    void icmpWithoutATypeIsNotAnswered() {
        byte[] four = icmp(4, 8);
        four[3] = 20;
        byte[] six = icmp(6, 128);
        six[5] = 0;

        assertThat(permitted(four)).isFalse();
        assertThat(permitted(six)).isFalse();
    }

    @Test
    void onlyTheFirstFragmentIsAnsweredOverIpv4() {
        byte[] packet = udp(4);
        packet[6] = 0x20;
        assertThat(permitted(packet)).as("first").isTrue();
        packet[7] = 1;
        assertThat(permitted(packet)).as("second").isFalse();
        packet[6] = 0;
        assertThat(permitted(packet)).as("last").isFalse();
        packet[6] = 0x1f;
        packet[7] = 0;
        assertThat(permitted(packet)).as("far").isFalse();
    }

    @Test
    void onlyTheFirstFragmentIsAnsweredOverIpv6() {
        byte[] packet = udp(6);
        // Destination options of 16 bytes, then the fragment header.
        packet[6] = 60;
        packet[40] = 44;
        packet[41] = 1;
        packet[56] = 17;
        packet[58] = 0;
        packet[59] = 1;
        assertThat(permitted(packet)).as("first").isTrue();
        packet[59] = 8;
        assertThat(permitted(packet)).as("last").isFalse();
        packet[58] = 1;
        packet[59] = 0;
        assertThat(permitted(packet)).as("far").isFalse();
    }

    @Test
    void findsAnErrorBehindExtensionHeaders() {
        byte[] packet = udp(6);
        packet[6] = 0;
        packet[40] = 58;
        packet[41] = 0;
        packet[48] = 1;
        assertThat(permitted(packet)).isFalse();
        packet[48] = (byte) 128;
        assertThat(permitted(packet)).isTrue();
    }

    @Test
    void aChainThatEndsNowhereIsNotAnswered() {
        byte[] packet = udp(6);
        packet[6] = 60;
        packet[41] = (byte) 200;

        assertThat(permitted(packet)).isFalse();
    }

    /** Whatever a pod writes, nothing beyond its packet is looked at and nothing is thrown. */
    @Test
    void noPacketIsTooStrange() {
        Random random = new Random(4443);
        IcmpErrors errors =
                new IcmpErrors(IpAddresses.parse("10.244.1.1"), IpAddresses.parse("fd00:244:1::1"));
        for (int round = 0; round < 200_000; round++) {
            byte[] bytes = new byte[20 + random.nextInt(90)];
            random.nextBytes(bytes);
            boolean ipv4 = random.nextBoolean();
            bytes[0] = (byte) (ipv4 ? 0x45 + random.nextInt(3) : 0x60);
            if (ipv4) {
                bytes[2] = 0;
                bytes[3] = (byte) bytes.length;
            } else if (bytes.length >= 40) {
                bytes[4] = 0;
                bytes[5] = (byte) (bytes.length - 40);
                bytes[6] = (byte) new int[] {0, 43, 44, 60, 58, 17}[random.nextInt(6)];
                bytes[40 % bytes.length] = (byte) new int[] {44, 60, 58}[random.nextInt(3)];
            }
            IpPacket packet = new IpPacket();
            if (packet.parse(MemorySegment.ofArray(bytes), 0, bytes.length)) {
                boolean permitted = AnswerRules.permit(packet);
                int gsoSize = random.nextInt(3) * 20;
                int written = errors.unreachable(packet, gsoSize, round * 100_000_000L);
                assertThat(written > 0).isEqualTo(permitted);
                assertThat(written).isLessThanOrEqualTo(10 + 1280);
            }
        }
    }

    private static byte[] udp(int version) {
        return PacketBuilder.ip(version).udp(new byte[32]).build();
    }

    private static byte[] icmp(int version, int type) {
        byte[] packet = udp(version);
        packet[version == 4 ? 9 : 6] = (byte) (version == 4 ? 1 : 58);
        packet[version == 4 ? 20 : 40] = (byte) type;
        return packet;
    }

    private static boolean permitted(byte[] bytes) {
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        return AnswerRules.permit(packet);
    }
}
