package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.linux.UdpSocket;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

final class UdpFloodTest {
    @Test
    void countsRateByTheReceiversTimeAndLossByWhatWasSent() throws IOException {
        assertThat(UdpFlood.of(4000, 3000, 2_000_000_000)).isEqualTo(new UdpFlood(1500, 25, 3000));
    }

    @Test
    void saysWhenNothingArrived() {
        assertThatThrownBy(() -> UdpFlood.of(4000, 0, 0)).hasMessage("of 4000 datagrams 0 arrived");
    }

    @Test
    void receiverCountsWhatCame() throws IOException {
        try (UdpSocket in = UdpSocket.open(IpFamily.IPV4);
                DatagramSocket out = new DatagramSocket()) {
            in.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            for (int i = 0; i < 100; i++) {
                out.send(new DatagramPacket(new byte[64], 64, in.localAddress()));
            }
            UdpReceiver receiver = new UdpReceiver(in.number());
            assertThat(receiver.receive(() -> true)).isEqualTo(100);
            assertThat(receiver.nanos()).isPositive();
        }
    }
}
