package dev.culvert.overlay.icmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.linux.tun.TunDevice;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.linux.tun.TunQueue;
import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.PacketBuilder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.ToIntFunction;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernel believes what {@link IcmpErrors} writes: a pod behind a node's TUN device sends, the
 * test reads the packet from the device and writes the error back, as the data path would.
 */
class IcmpErrorsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MTU = 1450;
    private static final int PATH_MTU = 1333;
    private static final int PORT = 9;

    private final MemorySegment buffer = Arena.ofAuto().allocate(66_000, 64);
    private final IpPacket packet = new IpPacket();
    private final IcmpErrors errors =
            new IcmpErrors(IpAddresses.parse("10.99.1.1"), IpAddresses.parse("fd00:99:1::1"));
    private TestNamespaces namespaces;
    private NetworkNamespace node;
    private NetworkNamespace pod;
    private TunQueue tun;

    @BeforeEach
    void start() throws Exception {
        namespaces = TestNamespaces.assumePermitted().assumeTun();
        node = namespaces.create();
        pod = namespaces.create();
        namespaces.connect(node, "pod0", pod, "eth0");
        tun = node.call(() -> TunDevice.openQueue("cv.tun", TunFeatures.ALL));
        run(node, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        run(
                node,
                "sysctl -qw net.ipv4.conf.cv/tun.rp_filter=2 net.ipv4.conf.cv/tun.accept_local=1");
        run(node, "ip addr add 10.99.1.1/24 dev pod0");
        run(node, "ip addr add fd00:99:1::1/64 dev pod0 nodad");
        run(node, "ip addr add 10.99.1.0/32 dev cv.tun");
        run(node, "ip link set cv.tun mtu " + MTU + " up");
        run(node, "ip route add 10.99.0.0/16 dev cv.tun");
        run(node, "ip route add fd00:99::/32 dev cv.tun");
        run(pod, "ip addr add 10.99.1.2/24 dev eth0");
        run(pod, "ip addr add fd00:99:1::2/64 dev eth0 nodad");
        run(pod, "ip link set eth0 mtu " + MTU);
        run(pod, "ip route add default via 10.99.1.1");
        run(pod, "ip route add default via fd00:99:1::1");
    }

    @AfterEach
    void stop() {
        if (tun != null) {
            tun.close();
        }
        if (namespaces != null) {
            namespaces.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void theSenderLearnsThePathMtu(int version) throws Exception {
        InetAddress peer = peer(version);
        byte[] datagram = new byte[1400];
        try (DatagramChannel socket = datagrams(version)) {
            socket.connect(new InetSocketAddress(peer, PORT));
            socket.write(ByteBuffer.wrap(datagram));

            answer(peer, packet -> errors.tooBig(packet, 0, PATH_MTU, System.nanoTime()));

            String route = "ip route get " + peer.getHostAddress();
            await().atMost(PATIENCE).until(() -> run(pod, route).contains("mtu " + PATH_MTU));
            int headers = (version == 4 ? Ipv4Header.MIN_BYTES : Ipv6Header.BYTES) + 8;
            assertThatThrownBy(() -> fill(socket, PATH_MTU - headers))
                    .as("what was sent before is reported first")
                    .hasMessageContaining("too long");
            assertThat(fill(socket, PATH_MTU - headers)).isEqualTo(PATH_MTU - headers);
            assertThatThrownBy(() -> fill(socket, PATH_MTU - headers + 1))
                    .hasMessageContaining("too long");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void aConnectionToNobodyFailsAtOnce(int version) throws Exception {
        InetAddress peer = peer(version);
        try (SocketChannel socket = pod.call(SocketChannel::open)) {
            socket.configureBlocking(false);
            socket.connect(new InetSocketAddress(peer, PORT));

            answer(peer, packet -> errors.unreachable(packet, 0, System.nanoTime()));

            assertThatThrownBy(() -> await().atMost(PATIENCE).until(socket::finishConnect))
                    .hasMessageContaining("Network is unreachable");
        }
    }

    /**
     * One TCP super-packet is answered instead of passed on: the sender has to find its socket by
     * what is quoted, and goes on with smaller segments, those that were lost included.
     */
    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void aSuperPacketsSenderMakesSmallerSegments(int version) throws Exception {
        NetworkNamespace far = namespaces.create();
        try (TunQueue farTun = far.call(() -> TunDevice.openQueue("cv.far", TunFeatures.ALL));
                ServerSocketChannel server = far.call(ServerSocketChannel::open);
                SocketChannel client = pod.call(SocketChannel::open)) {
            run(far, "ip addr add 10.99.2.6/32 dev cv.far");
            run(far, "ip addr add fd00:99:2::6/128 dev cv.far nodad");
            run(far, "ip link set cv.far mtu " + MTU + " up");
            run(far, "ip route add 10.99.1.0/24 dev cv.far");
            run(far, "ip route add fd00:99:1::/64 dev cv.far");
            server.bind(new InetSocketAddress(peer(version), PORT)).configureBlocking(false);
            client.configureBlocking(false);
            client.connect(new InetSocketAddress(peer(version), PORT));
            Relay relay = new Relay(farTun);
            await().atMost(PATIENCE).until(() -> relay.pump() && client.finishConnect());

            ByteBuffer sent = ByteBuffer.wrap(PacketBuilder.payload(100_000));
            ByteBuffer received = ByteBuffer.allocate(sent.capacity());
            try (SocketChannel accepted =
                    await().atMost(PATIENCE)
                            .until(() -> relay.pump() ? server.accept() : null, Objects::nonNull)) {
                accepted.configureBlocking(false);
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(1))
                        .until(
                                () -> {
                                    client.write(sent);
                                    relay.pump();
                                    accepted.read(received);
                                    return !received.hasRemaining();
                                });
            }
            assertThat(received.flip()).isEqualTo(sent.flip());
            assertThat(relay.answered).as("super-packets answered").isEqualTo(1);
            assertThat(relay.latestSegment)
                    .isBetween(1000, PATH_MTU - (version == 4 ? 20 : 40) - 20);
        }
    }

    /** Carries packets between the devices as they are, but for the first super-packet. */
    private final class Relay {
        private final int far;
        private int answered;
        private int latestSegment;

        Relay(TunQueue far) {
            this.far = far.descriptor().number();
        }

        boolean pump() {
            int near = tun.descriptor().number();
            long length;
            while ((length = LibC.read(near, buffer.address(), 66_000)) > 0) {
                forward(length);
            }
            while ((length = LibC.read(far, buffer.address(), 66_000)) > 0) {
                LibC.write(near, buffer.address(), length);
            }
            return true;
        }

        private void forward(long length) {
            boolean whole = VirtioNetHeader.gsoType(buffer, 0) == VirtioNetHeader.GSO_NONE;
            int segment = whole ? 0 : VirtioNetHeader.gsoSize(buffer, 0);
            if (!whole && answered == 0) {
                answered++;
                packet.parse(buffer, VirtioNetHeader.BYTES, (int) length - VirtioNetHeader.BYTES);
                write(errors.tooBig(packet, segment, PATH_MTU, System.nanoTime()));
                return;
            }
            latestSegment = whole ? latestSegment : segment;
            LibC.write(far, buffer.address(), length);
        }
    }

    private void write(int length) {
        assertThat(length).isPositive();
        assertThat(LibC.write(tun.descriptor().number(), errors.memory().address(), length))
                .isEqualTo(length);
    }

    /** Reads until the packet to {@code peer} comes, and writes the error about it. */
    private void answer(InetAddress peer, ToIntFunction<IpPacket> error) {
        await().atMost(PATIENCE).until(() -> readTo(peer));
        write(error.applyAsInt(packet));
    }

    private boolean readTo(InetAddress peer) {
        long length;
        while ((length = LibC.read(tun.descriptor().number(), buffer.address(), 66_000)) > 0) {
            int bytes = (int) length - VirtioNetHeader.BYTES;
            if (packet.parse(buffer, VirtioNetHeader.BYTES, bytes)
                    && Arrays.equals(destination(), peer.getAddress())) {
                return true;
            }
        }
        return false;
    }

    private byte[] destination() {
        int field = packet.isIpv4() ? Ipv4Header.DESTINATION_OFFSET : Ipv6Header.DESTINATION_OFFSET;
        byte[] address = new byte[packet.isIpv4() ? 4 : 16];
        MemorySegment.copy(
                buffer, packet.offset() + field, MemorySegment.ofArray(address), 0, address.length);
        return address;
    }

    private static int fill(DatagramChannel socket, int bytes) throws IOException {
        return socket.write(ByteBuffer.allocate(bytes));
    }

    private DatagramChannel datagrams(int version) throws Exception {
        StandardProtocolFamily family =
                version == 4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
        DatagramChannel socket = pod.call(() -> DatagramChannel.open(family));
        return socket.setOption(ExtendedSocketOptions.IP_DONTFRAGMENT, true);
    }

    private static InetAddress peer(int version) {
        return IpAddresses.parse(version == 4 ? "10.99.2.6" : "fd00:99:2::6");
    }

    private String run(NetworkNamespace where, String command) throws Exception {
        return namespaces.check(where, command.split(" "));
    }
}
