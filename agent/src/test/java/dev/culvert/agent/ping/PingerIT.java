package dev.culvert.agent.ping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PingerIT {
    private static final Duration LONG = Duration.ofSeconds(60);
    private final TestNamespaces namespaces = TestNamespaces.assumePermitted();

    @AfterEach
    void removeNamespaces() throws Exception {
        namespaces.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.", "2001:db8::"})
    void findsTheLargestPacketThatPasses(String network) throws Exception {
        NetworkNamespace here = namespaces.create();
        NetworkNamespace there = namespaces.create();
        namespaces.connect(here, "eth0", there, "eth0");
        give(here, network + "1");
        give(there, network + "2");
        InetAddress to = IpAddresses.parse(network + "2");
        Pinger pinger = here.call(() -> Pinger.open(to));
        try (pinger) {
            await().atMost(LONG).until(() -> pinger.ping(88, LONG) >= 0);
            assertThat(pinger.ping(1501, LONG)).isEqualTo(Pinger.TOO_BIG);
            assertThat(pinger.largest(1500)).isEqualTo(1500);
            // A pair's other end takes four bytes more than its MTU, for a VLAN's tag.
            namespaces.check(there, "ip", "link", "set", "eth0", "mtu", "1300");
            assertThat(pinger.largest(1500)).isBetween(1300, 1304);
        }
    }

    private void give(NetworkNamespace node, String address) throws Exception {
        KernelRtnetlink rtnetlink = namespaces.rtnetlink(node);
        int link = rtnetlink.link("eth0").orElseThrow().index();
        InetAddress ip = IpAddresses.parse(address);
        rtnetlink.ensureAddress(Address.of(link, ip, ip.getAddress().length == 4 ? 24 : 64));
    }
}
