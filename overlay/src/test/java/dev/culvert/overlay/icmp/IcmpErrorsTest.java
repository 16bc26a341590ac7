package dev.culvert.overlay.icmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.encap.TrafficClass;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.PacketBuilder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IcmpErrorsTest {
    private static final InetAddress ROUTER4 = IpAddresses.parse("10.244.1.1");
    private static final InetAddress ROUTER6 = IpAddresses.parse("fd00:244:1::1");
    private static final long NOW = 5_000_000_000L;

    private final IcmpErrors errors = new IcmpErrors(ROUTER4, ROUTER6);

    @ParameterizedTest
    @CsvSource({"4, 0", "4, 519", "4, 520", "4, 521", "4, 1400", "4, 65507"})
    @CsvSource({"6, 0", "6, 1183", "6, 1184", "6, 1185", "6, 1400", "6, 65487"})
    void tooBigNamesTheMtuAndQuotesWhatFits(int version, int payload) {
        byte[] packet = PacketBuilder.ip(version).udp(PacketBuilder.payload(payload)).build();

        Message error = message(tooBig(packet, 0, 1400));

        error.assertHeaders(version, packet);
        error.assertIcmp(version == 4 ? 3 : 2, version == 4 ? 4 : 0, 1400);
        int most = version == 4 ? 576 - 28 : 1280 - 48;
        assertThat(error.quote()).isEqualTo(Arrays.copyOf(packet, Math.min(most, packet.length)));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void unreachableIsOfTheWholeNet(int version) {
        byte[] packet = PacketBuilder.ip(version).tcp(20, 99, 2, new byte[0]).build();

        Message error = message(unreachable(packet));

        error.assertHeaders(version, packet);
        error.assertIcmp(version == 4 ? 3 : 1, 0, 0);
        assertThat(error.quote()).isEqualTo(packet);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void quotesASuperPacketAsItsFirstSegment(int version) {
        byte[] all = PacketBuilder.payload(60_000);
        byte[] tcp = PacketBuilder.ip(version).tcp(32, 4711, 0x18, all).build();
        byte[] udp = PacketBuilder.ip(version).udp(all).build();
        int header = version == 4 ? 20 : 40;

        byte[] tcpQuote = message(tooBig(tcp, 1000, 1040)).quote();
        byte[] udpQuote = message(tooBig(udp, 300, 340)).quote();

        assertThat(length(tcpQuote)).isEqualTo(header + 32 + 1000);
        assertThat(length(udpQuote)).isEqualTo(header + 8 + 300);
        assertThat(u16(udpQuote, header + 4)).isEqualTo(308);
        assertThat(udpQuote).hasSize(header + 8 + 300);
        assertThat(Arrays.copyOfRange(tcpQuote, header, tcpQuote.length))
                .isEqualTo(Arrays.copyOfRange(tcp, header, tcpQuote.length));
        if (version == 4) {
            assertThat(sum(tcpQuote, 0, header)).isEqualTo(0xffff);
            assertThat(sum(udpQuote, 0, header)).isEqualTo(0xffff);
        }
    }

    @Test
    void asksNobodyToShrinkWhatMayBeFragmented() {
        byte[] packet = PacketBuilder.ip(4).udp(PacketBuilder.payload(1400)).build();
        packet[6] = 0;

        assertThat(tooBig(packet, 0, 1000)).isEmpty();
        assertThat(unreachable(packet)).isNotEmpty();
    }

    @Test
    void hasNoErrorsForAFamilyWithoutAnAddress() {
        byte[] four = PacketBuilder.ip(4).udp(new byte[5]).build();
        byte[] six = PacketBuilder.ip(6).udp(new byte[5]).build();

        IcmpErrors none = new IcmpErrors();
        IcmpErrors onlySix = new IcmpErrors(ROUTER6);

        assertThat(none.unreachable(view(four), 0, NOW)).isZero();
        assertThat(none.tooBig(view(six), 0, 1300, NOW)).isZero();
        assertThat(onlySix.tooBig(view(four), 0, 1300, NOW)).isZero();
        assertThat(onlySix.tooBig(view(six), 0, 1300, NOW)).isPositive();
    }

    @Test
    void twoAddressesOfAFamilyAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new IcmpErrors(ROUTER4, ROUTER6, ROUTER4))
                .withMessageContaining("10.244.1.1");
    }

    @Test
    void limitsTheRateButNotByPacketsThatGetNoAnswer() {
        byte[] packet = PacketBuilder.ip(4).udp(new byte[5]).build();
        byte[] multicast = PacketBuilder.ip(4).to("224.0.0.251").udp(new byte[5]).build();

        for (int i = 0; i < 1000; i++) {
            assertThat(unreachable(multicast)).isEmpty();
        }
        for (int i = 0; i < IcmpErrors.BURST; i++) {
            assertThat(unreachable(packet)).isNotEmpty();
        }
        assertThat(unreachable(packet)).isEmpty();
        long later = NOW + 1_000_000_000L / IcmpErrors.PER_SECOND;
        assertThat(errors.unreachable(view(packet), 0, later)).isPositive();
    }

    /** What one error wrote must not show in the next. */
    @Test
    void longAndShortErrorsOfBothFamiliesFollowEachOther() {
        for (int round = 0; round < 6; round++) {
            int version = round % 2 == 0 ? 4 : 6;
            byte[] packet =
                    PacketBuilder.ip(version)
                            .udp(PacketBuilder.payload(1500 / (round + 1)))
                            .build();
            Message error = message(round < 3 ? tooBig(packet, 0, 1300) : unreachable(packet));
            error.assertHeaders(version, packet);
        }
    }

    /** Warm-up may allocate, and the odd byte may come from the JVM; a packet may not. */
    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void writesWithoutAllocating(int version) {
        byte[] bytes = PacketBuilder.ip(version).tcp(32, 1, 0x10, new byte[9000]).build();
        IpPacket packet = view(bytes);
        int rounds = 50_000;
        writeMany(packet, rounds, 0);

        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long written = writeMany(packet, rounds, rounds);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        assertThat(written).isEqualTo(rounds);
        assertThat(allocated).isLessThan(rounds);
    }

    private long writeMany(IpPacket packet, int rounds, int firstSecond) {
        long written = 0;
        for (int i = 0; i < rounds; i++) {
            long nanos = (firstSecond + i) * 1_000_000_000L;
            TrafficClass.decapsulate(packet, 3);
            written += errors.tooBig(packet, 1400, 1450, nanos) > 0 ? 1 : 0;
        }
        return written;
    }

    private byte[] tooBig(byte[] packet, int gsoSize, int mtu) {
        return written(errors.tooBig(view(packet), gsoSize, mtu, NOW));
    }

    private byte[] unreachable(byte[] packet) {
        return written(errors.unreachable(view(packet), 0, NOW));
    }

    private byte[] written(int length) {
        return errors.memory().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private static IpPacket view(byte[] bytes) {
        IpPacket packet = new IpPacket();
        assertThat(packet.parse(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        return packet;
    }

    private static Message message(byte[] written) {
        assertThat(Arrays.copyOf(written, 10)).as("virtio-net header").isEqualTo(new byte[10]);
        return new Message(Arrays.copyOfRange(written, 10, written.length));
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
    }

    private static int length(byte[] packet) {
        return packet[0] >> 4 == 4 ? u16(packet, 2) : 40 + u16(packet, 4);
    }

    /** RFC 1071 as it is written there. */
    private static int sum(byte[] bytes, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (int) sum;
    }

    /** An ICMP error, read without the code that wrote it. */
    private static final class Message {
        private final byte[] bytes;

        Message(byte[] bytes) {
            this.bytes = bytes;
        }

        int icmp() {
            return bytes[0] >> 4 == 4 ? 20 : 40;
        }

        byte[] quote() {
            return Arrays.copyOfRange(bytes, icmp() + 8, bytes.length);
        }

        void assertHeaders(int version, byte[] about) {
            assertThat(bytes[0]).isEqualTo((byte) (version == 4 ? 0x45 : 0x60));
            assertThat(length(bytes)).isEqualTo(bytes.length);
            assertThat(bytes.length).isLessThanOrEqualTo(version == 4 ? 576 : 1280);
            assertThat(bytes[version == 4 ? 8 : 7]).as("time to live").isEqualTo((byte) 64);
            assertThat(bytes[version == 4 ? 9 : 6]).isEqualTo((byte) (version == 4 ? 1 : 58));
            int size = version == 4 ? 4 : 16;
            int source = version == 4 ? 12 : 8;
            InetAddress router = version == 4 ? ROUTER4 : ROUTER6;
            assertThat(Arrays.copyOfRange(bytes, source, source + size))
                    .isEqualTo(router.getAddress());
            assertThat(Arrays.copyOfRange(bytes, source + size, source + 2 * size))
                    .isEqualTo(Arrays.copyOfRange(about, source, source + size));
            if (version == 4) {
                assertThat(sum(bytes, 0, 20)).as("header checksum").isEqualTo(0xffff);
            }
            assertThat(icmpSum(version)).as("ICMP checksum").isEqualTo(0xffff);
        }

        private int icmpSum(int version) {
            if (version == 4) {
                return sum(bytes, 20, bytes.length);
            }
            byte[] pseudo = Arrays.copyOfRange(bytes, 8, bytes.length + 8);
            System.arraycopy(bytes, 40, pseudo, 40, bytes.length - 40);
            int message = bytes.length - 40;
            byte[] tail = {0, 0, (byte) (message >> 8), (byte) message, 0, 0, 0, 58};
            System.arraycopy(tail, 0, pseudo, 32, 8);
            return sum(pseudo, 0, pseudo.length);
        }

        void assertIcmp(int type, int code, int mtu) {
            assertThat(bytes[icmp()]).as("type").isEqualTo((byte) type);
            assertThat(bytes[icmp() + 1]).as("code").isEqualTo((byte) code);
            assertThat(u16(bytes, icmp() + 4)).as("unused").isZero();
            assertThat(u16(bytes, icmp() + 6)).as("MTU").isEqualTo(mtu);
        }
    }
}
