package dev.culvert.linux.icmp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.Errno;
import dev.culvert.linux.StopSignal;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EchoSocketIT {
    private static final int PATIENCE_MILLIS = 30_000;

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted();

    @AfterEach
    void removeTheNamespaces() throws Exception {
        namespaces.close();
    }

    @ParameterizedTest
    @CsvSource({"IPV4,192.0.2.1,192.0.2.2", "IPV6,fd00:7::1,fd00:7::2"})
    void hearsTheAnswerOfAnotherHost(IpFamily family, String own, String other) throws Exception {
        NetworkNamespace here = pair(own, other);
        InetAddress to = IpAddresses.parse(other);
        try (EchoSocket socket = here.call(() -> EchoSocket.open(family));
                StopSignal stop = StopSignal.create()) {
            assertThat(socket.receive()).isNull();
            assertThat(socket.request(to, 0xfedc, 0xba98)).isZero();
            assertThat(stop.awaitReadable(List.of(socket.descriptor()), PATIENCE_MILLIS)).isTrue();
            assertThat(socket.receive()).isEqualTo(new EchoReply(to, 0xfedc, 0xba98));
            stop.raise();
            assertThat(stop.awaitReadable(List.of(socket.descriptor()), PATIENCE_MILLIS)).isFalse();
        }
    }

    @Test
    void saysWhyTheKernelDoesNotSend() throws Exception {
        NetworkNamespace here = pair("192.0.2.1", "192.0.2.2");
        try (EchoSocket socket = here.call(() -> EchoSocket.open(IpFamily.IPV4))) {
            assertThat(socket.request(IpAddresses.parse("198.51.100.1"), 1, 1))
                    .isEqualTo(-Errno.ENETUNREACH.number());
            socket.bindTo("eth0");
            assertThat(socket.request(IpAddresses.parse("198.51.100.1"), 1, 1))
                    .as("past the routes")
                    .isZero();
        }
    }

    private NetworkNamespace pair(String own, String other) throws Exception {
        NetworkNamespace here = namespaces.create();
        NetworkNamespace there = namespaces.create();
        namespaces.connect(here, "eth0", there, "eth0");
        give(here, own);
        give(there, other);
        return here;
    }

    private void give(NetworkNamespace where, String address) throws Exception {
        String cidr = address.contains(":") ? address + "/64" : address + "/24";
        String nodad = address.contains(":") ? " nodad" : "";
        namespaces.check(where, ("ip addr add " + cidr + " dev eth0" + nodad).split(" "));
    }
}
