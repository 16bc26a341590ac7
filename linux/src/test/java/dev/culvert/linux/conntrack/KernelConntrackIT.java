package dev.culvert.linux.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelConntrackIT {
    private static final int SERVICE_PORT = 80;
    private static final int REAL_PORT = 8080;

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted();
    private NetworkNamespace here;
    private NetworkNamespace there;
    private KernelConntrack conntrack;

    @BeforeEach
    void connect() throws Exception {
        here = namespaces.create();
        there = namespaces.create();
        namespaces.connect(here, "eth0", there, "eth0");
        address(here, "1");
        address(there, "2");
        // Connections are tracked once a rule asks for it.
        for (String iptables : List.of("iptables", "ip6tables")) {
            namespaces.check(
                    here, iptables, "-A", "INPUT", "-m", "conntrack", "--ctstate", "INVALID");
        }
        conntrack = here.call(KernelConntrack::open);
    }

    @AfterEach
    void removeNamespaces() {
        if (conntrack != null) {
            conntrack.close();
        }
        namespaces.close();
    }

    private void address(NetworkNamespace namespace, String number) throws Exception {
        namespaces.check(namespace, "ip", "addr", "add", "10.9.0." + number + "/24", "dev", "eth0");
        namespaces.check(
                namespace, "ip", "addr", "add", "fd09::" + number + "/64", "dev", "eth0", "nodad");
    }

    private static InetAddress peer(IpFamily family) {
        return IpAddresses.parse(family == IpFamily.IPV4 ? "10.9.0.2" : "fd09::2");
    }

    private static InetAddress own(IpFamily family) {
        return IpAddresses.parse(family == IpFamily.IPV4 ? "10.9.0.1" : "fd09::1");
    }

    private Connection find(IpFamily family, Predicate<FlowTuple> wanted) throws Exception {
        List<Connection> found =
                conntrack.connections(family).stream()
                        .filter(each -> wanted.test(each.original()))
                        .toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @ParameterizedTest
    @EnumSource
    void findsAndForgetsUdpAlsoBehindAddressTranslation(IpFamily family) throws Exception {
        String iptables = family == IpFamily.IPV4 ? "iptables" : "ip6tables";
        namespaces.check(
                here,
                (iptables + " -t nat -A OUTPUT -p udp --dport %d -j REDIRECT --to-ports %d")
                        .formatted(SERVICE_PORT, REAL_PORT)
                        .split(" "));
        try (DatagramChannel sender = here.call(DatagramChannel::open)) {
            sender.connect(new InetSocketAddress(peer(family), SERVICE_PORT));
            sender.write(ByteBuffer.allocate(1));
            Connection found = find(family, each -> each.destinationPort() == SERVICE_PORT);
            int port = ((InetSocketAddress) sender.getLocalAddress()).getPort();
            assertThat(found.original())
                    .isEqualTo(
                            new FlowTuple(
                                    own(family), peer(family), FlowTuple.UDP, port, SERVICE_PORT));
            assertThat(found.destinationPort()).isEqualTo(REAL_PORT);
            assertThat(found.destination()).isNotEqualTo(peer(family));
            assertThat(found.family()).isEqualTo(family);
            assertThat(conntrack.delete(found)).isTrue();
            assertThat(conntrack.connections(family)).doesNotContain(found);
            assertThat(conntrack.delete(found)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void findsAndForgetsTcpAndSelectsByProtocol(IpFamily family) throws Exception {
        try (ServerSocketChannel server = there.call(ServerSocketChannel::open)) {
            server.bind(new InetSocketAddress(peer(family), REAL_PORT));
            InetSocketAddress target = new InetSocketAddress(peer(family), REAL_PORT);
            try (SocketChannel client = here.call(() -> SocketChannel.open(target));
                    SocketChannel _ = server.accept()) {
                Connection found = find(family, each -> each.protocol() == FlowTuple.TCP);
                assertThat(found.source()).isEqualTo(own(family));
                assertThat(found.destination()).isEqualTo(peer(family));
                assertThat(found.original().sourcePort()).isEqualTo(client.socket().getLocalPort());
                assertThat(conntrack.connections(family, FlowTuple.TCP)).containsExactly(found);
                assertThat(conntrack.connections(family, FlowTuple.UDP)).isEmpty();
                assertThat(conntrack.delete(found)).isTrue();
                assertThat(conntrack.connections(family, FlowTuple.TCP)).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void findsAndForgetsPings(IpFamily family) throws Exception {
        namespaces.check(here, "ping", "-c", "1", "-W", "30", peer(family).getHostAddress());
        int protocol = family == IpFamily.IPV4 ? FlowTuple.ICMP : FlowTuple.ICMPV6;
        int echo = family == IpFamily.IPV4 ? 8 << 8 : 128 << 8;
        Connection found =
                find(family, each -> each.protocol() == protocol && each.destinationPort() == echo);
        assertThat(found.destination()).isEqualTo(peer(family));
        assertThat(conntrack.delete(found)).isTrue();
        assertThat(conntrack.connections(family)).doesNotContain(found);
    }

    @Test
    void leavesAnotherConnectionWithTheSamePortsAlone() throws Exception {
        InetSocketAddress target = new InetSocketAddress(peer(IpFamily.IPV4), REAL_PORT);
        try (DatagramChannel sender = here.call(DatagramChannel::open)) {
            sender.connect(target);
            sender.write(ByteBuffer.allocate(1));
            Connection first = find(IpFamily.IPV4, each -> each.destinationPort() == REAL_PORT);
            Connection other = new Connection(first.id() + 1, first.original(), first.reply());
            assertThat(conntrack.delete(other)).isFalse();
            assertThat(conntrack.connections(IpFamily.IPV4)).contains(first);
        }
    }

    @Test
    void belongsToOneNamespace() throws Exception {
        try (DatagramChannel sender = here.call(DatagramChannel::open);
                KernelConntrack other = there.call(KernelConntrack::open)) {
            sender.connect(new InetSocketAddress(peer(IpFamily.IPV4), REAL_PORT));
            sender.write(ByteBuffer.allocate(1));
            assertThat(conntrack.connections(IpFamily.IPV4)).isNotEmpty();
            assertThat(other.connections(IpFamily.IPV4)).isEmpty();
        }
    }
}
