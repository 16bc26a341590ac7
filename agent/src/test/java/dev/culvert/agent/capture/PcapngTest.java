package dev.culvert.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class PcapngTest {
    private static final int VXLAN_AND_ETHERNET = 22;

    /** An IPv4 packet with UDP. */
    private static byte[] udp(String source, String destination, int port, byte[] payload) {
        int length = 28 + payload.length;
        ByteBuffer packet = ByteBuffer.allocate(length);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) length).putInt(0);
        packet.put((byte) 64).put((byte) 17).putShort((short) 0);
        packet.put(Cidr.parse(source + "/32").network().getAddress());
        packet.put(Cidr.parse(destination + "/32").network().getAddress());
        packet.putShort((short) 4242).putShort((short) port);
        return packet.putShort((short) (8 + payload.length))
                .putShort((short) 0)
                .put(payload)
                .array();
    }

    private static PacketView view(byte[] bytes) {
        return Objects.requireNonNull(PacketView.of(bytes, 0));
    }

    @Test
    void readsWhatItWrote() throws IOException {
        byte[] packet = udp("10.244.1.2", "10.244.2.3", 53, new byte[11]);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PcapngWriter writer = new PcapngWriter(out);
        writer.begin("culvert", "culvert.tun", "packets of pods", 64);
        writer.packet(1_700_000_000_123_456_789L, packet, packet.length, true, "egress");
        writer.packet(5, packet, 30, false, "");
        writer.statistics(6, 2, 7);
        assertThat(writer.bytes()).isEqualTo(out.size());

        PcapngReader reader = new PcapngReader(new ByteArrayInputStream(out.toByteArray()));
        assertThat(next(reader).isPacket()).isFalse();
        assertThat(next(reader).isPacket()).isFalse();
        PcapngReader.Block first = next(reader);
        assertThat(first.isPacket()).isTrue();
        assertThat(first.nanos()).isEqualTo(1_700_000_000_123_456_789L);
        assertThat(first.packet()).isEqualTo(packet);
        assertThat(first.isOutgoing()).isTrue();
        PcapngReader.Block second = next(reader);
        assertThat(second.packet()).hasSize(30);
        assertThat(second.isOutgoing()).isFalse();
        PcapngReader.Block last = next(reader);
        assertThat(last.isLast()).isTrue();
        assertThat(last.dropped()).isEqualTo(7);
        assertThat(reader.next()).isNull();
    }

    private static PcapngReader.Block next(PcapngReader reader) throws IOException {
        return Objects.requireNonNull(reader.next());
    }

    @Test
    void noticesAFileThatBreaksOff() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new PcapngWriter(out).begin("culvert", "eth0", "", 64);
        byte[] whole = out.toByteArray();
        PcapngReader broken = new PcapngReader(new ByteArrayInputStream(whole, 0, 20));
        assertThatThrownBy(broken::next).hasMessage("the capture broke off");
        PcapngReader strange = new PcapngReader(new ByteArrayInputStream(new byte[40]));
        assertThatThrownBy(strange::next).hasMessageContaining("no pcapng");
    }

    @Test
    void filtersByEitherEnd() {
        PacketView packet = view(udp("10.244.1.2", "10.244.2.3", 53, new byte[4]));
        assertThat(CaptureFilter.ALL.accepts(packet)).isTrue();
        assertThat(CaptureFilter.ALL.accepts(null)).isTrue();
        Cidr here = Cidr.parse("10.244.1.0/24");
        Cidr elsewhere = Cidr.parse("10.244.9.0/24");
        assertThat(filter(here, 53, 17).accepts(packet)).isTrue();
        assertThat(filter(here, 4242, 0).accepts(packet)).isTrue();
        assertThat(filter(elsewhere, 53, 17).accepts(packet)).isFalse();
        assertThat(filter(here, 54, 17).accepts(packet)).isFalse();
        assertThat(filter(here, 53, 6).accepts(packet)).isFalse();
        assertThat(filter(here, 53, 17).accepts(null)).isFalse();
        CaptureFilter both = new CaptureFilter(List.of(here), List.of(elsewhere), 0, 0);
        assertThat(both.accepts(packet)).isFalse();
    }

    private static CaptureFilter filter(Cidr host, int port, int protocol) {
        return new CaptureFilter(List.of(host), List.of(), port, protocol);
    }

    @Test
    void seesWhatTheOverlayCarries() {
        byte[] inner = udp("10.244.1.2", "10.244.2.3", 53, new byte[4]);
        byte[] carried = new byte[VXLAN_AND_ETHERNET + inner.length];
        System.arraycopy(inner, 0, carried, VXLAN_AND_ETHERNET, inner.length);
        byte[] outer = udp("192.0.2.1", "192.0.2.2", 4789, carried);
        PacketView inside = Objects.requireNonNull(view(outer).inside(outer));
        assertThat(inside).hasToString("10.244.1.2:4242 > 10.244.2.3:53 udp length 32");
        assertThat(view(inner).inside(inner)).isNull();
    }

    @Test
    void looksForNoPortsInLaterFragments() {
        byte[] fragment = udp("10.244.1.2", "10.244.2.3", 53, new byte[4]);
        fragment[7] = 1;
        assertThat(view(fragment).destinationPort()).isZero();
        assertThat(PacketView.of(new byte[19], 0)).isNull();
        assertThat(PacketView.of(new byte[40], 0)).isNull();
    }

    @Test
    void cutsAPacketThatStandsForSeveralDatagrams() {
        byte[] packet = udp("192.0.2.1", "192.0.2.2", 4789, new byte[250]);
        for (int i = 0; i < 250; i++) {
            packet[28 + i] = (byte) i;
        }
        List<byte[]> parts = Datagrams.of(packet, 100);
        assertThat(parts).extracting(part -> part.length).containsExactly(128, 128, 78);
        assertThat(parts.get(1)[28]).isEqualTo((byte) 100);
        assertThat(parts).allSatisfy(PcapngTest::assertWhole);
        assertThat(Datagrams.of(packet, 0)).containsExactly(packet);
    }

    private static void assertWhole(byte[] part) {
        ByteBuffer fields = ByteBuffer.wrap(part);
        assertThat(fields.getShort(2)).isEqualTo((short) part.length);
        assertThat(fields.getShort(24)).isEqualTo((short) (part.length - 20));
        int sum = 0;
        for (int at = 0; at < 20; at += 2) {
            sum += fields.getShort(at) & 0xffff;
        }
        assertThat((sum & 0xffff) + (sum >>> 16)).isEqualTo(0xffff);
    }
}
