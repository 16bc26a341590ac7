package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node that runs the data path, and beside it, in place of another node, a UDP socket that takes
 * what it sends and gives it any frame: {@link #wire}. IPv4 and IPv6 inside. One thread.
 */
final class WireNode implements AutoCloseable {
    static final int HEADROOM = VxlanEncapsulation.HEADROOM;
    static final int MTU = 1450;
    static final String POD = "10.99.1.2";
    static final String FAR_POD = "10.99.2.2";
    static final String FAR_POD6 = "fd00:99:2::2";
    private static final int MAX_FRAME_BYTES = 65_535;
    private static final Pattern COUNTED = Pattern.compile("\\[(\\d+):\\d+\\]");

    final TestNamespaces namespaces;
    final TestNode node;
    final TestNode peer;
    final Overlay overlay;
    final DatagramChannel wire;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /**
     * @param remoteChecksum whether the other node announces that it finishes checksums
     */
    static WireNode start(Offload offload, Tuning tuning, boolean remoteChecksum) throws Exception {
        TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
        try {
            List<TestNode> nodes = TestNode.pair(namespaces);
            return new WireNode(
                    namespaces, nodes.get(0), nodes.get(1), offload, tuning, remoteChecksum);
        } catch (Exception e) {
            namespaces.close();
            throw e;
        }
    }

    private WireNode(
            TestNamespaces namespaces,
            TestNode node,
            TestNode peer,
            Offload offload,
            Tuning tuning,
            boolean remoteChecksum)
            throws Exception {
        this.namespaces = namespaces;
        this.node = node;
        this.peer = peer;
        this.overlay = start(node, peer, offload, tuning, remoteChecksum);
        opened.push(overlay);
        this.wire = open(peer.node(), peer.underlay().getHostAddress(), TestNode.PORT);
    }

    /** Starts the data path of a node, with ICMP errors, and routes both families into it. */
    static Overlay start(
            TestNode node, TestNode peer, Offload offload, Tuning tuning, boolean remoteChecksum)
            throws Exception {
        OverlayConfig config =
                new OverlayConfig(
                        TestNode.TUN,
                        TestNode.VNI,
                        node.underlay(),
                        TestNode.PORT,
                        node.vtep().mac(),
                        List.of(node.podCidr(IpFamily.IPV4), podCidr6(node)),
                        1,
                        List.of(
                                IpAddresses.parse("10.99.%d.1".formatted(node.number())),
                                IpAddresses.parse("fd00:99:%d::1".formatted(node.number()))),
                        tuning);
        Overlay overlay = new Overlay(config, offload);
        node.node()
                .call(
                        () -> {
                            overlay.start();
                            return true;
                        });
        overlay.limitTo(MTU);
        Vtep vtep =
                new Vtep(
                        "node" + peer.number(),
                        peer.underlay(),
                        TestNode.PORT,
                        peer.vtep().mac(),
                        remoteChecksum);
        overlay.publish(
                Fdb.of(
                        List.of(
                                new FdbEntry(peer.podCidr(IpFamily.IPV4), vtep),
                                new FdbEntry(podCidr6(peer), vtep))));
        configure(node);
        return overlay;
    }

    private static void configure(TestNode node) throws Exception {
        int number = node.number();
        node.namespaces()
                .check(
                        node.node(),
                        "sysctl",
                        "-qw",
                        "net.ipv6.conf.all.forwarding=1",
                        "net.ipv4.conf.cv/tun.accept_local=1",
                        "net.ipv4.conf.cv/tun.rp_filter=2");
        node.ip("link set cv.tun mtu %d up".formatted(MTU));
        node.ip("link set cv.tun txqueuelen 50000");
        node.ip("addr add 10.99.%d.0/32 dev cv.tun".formatted(number));
        node.ip("route add 10.99.0.0/16 dev cv.tun src 10.99.%d.0".formatted(number));
        node.ip("route add fd00:99::/32 dev cv.tun");
    }

    private static Cidr podCidr6(TestNode node) {
        return Cidr.parse("fd00:99:%d::/64".formatted(node.number()));
    }

    /** A socket that does not block, closed with this. */
    DatagramChannel open(NetworkNamespace namespace, String address, int port) throws Exception {
        DatagramChannel channel = namespace.call(() -> DatagramChannel.open());
        opened.push(channel);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 4 << 20);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, 4 << 20);
        channel.bind(new InetSocketAddress(IpAddresses.parse(address), port));
        channel.configureBlocking(false);
        return channel;
    }

    /** A socket of the pod. */
    DatagramChannel openInPod(int port) throws Exception {
        return open(node.pod(), POD, port);
    }

    /** Until the path has sent or dropped so many packets that came from the TUN device. */
    void awaitDealtWith(long packets) {
        await().atMost(Duration.ofSeconds(30))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> dealtWith() >= packets);
    }

    private long dealtWith() {
        TrafficStats stats = overlay.stats();
        return stats.egress().packets()
                + stats.drops().values().stream().mapToLong(Long::longValue).sum();
    }

    /** Sends a frame with a packet inside, as the other node would. */
    void deliver(byte[] packet) throws IOException {
        send(frame(packet));
    }

    /** Sends these bytes to the node's port, unless the socket has no room. */
    int send(byte[] frame) throws IOException {
        return wire.send(
                ByteBuffer.wrap(frame), new InetSocketAddress(node.underlay(), TestNode.PORT));
    }

    /**
     * The frames sent to the node that a busy core's queue of received packets had no room for:
     * before any socket, so that none can count them.
     */
    long lostOnTheWire() throws Exception {
        String[] command = {"awk", "$1 == \"eth0:\" {print $13}", "/proc/net/dev"};
        return Long.parseLong(namespaces.check(peer.node(), command).strip());
    }

    /** A frame for this node. */
    byte[] frame(byte[] packet) {
        byte[] frame = new byte[HEADROOM + packet.length];
        int type = packet[0] >> 4 == 4 ? 0x0800 : 0x86dd;
        new VxlanEncapsulation(TestNode.VNI, peer.vtep().mac())
                .write(MemorySegment.ofArray(frame), 0, node.vtep().mac().value(), type);
        System.arraycopy(packet, 0, frame, HEADROOM, packet.length);
        return frame;
    }

    /** The next frame that the node sent, of those that are wanted. */
    byte[] awaitFrame(Predicate<byte[]> wanted) {
        return await().pollInterval(Duration.ofMillis(2))
                .atMost(Duration.ofSeconds(10))
                .until(() -> next(wire, wanted), bytes -> bytes.length > 0);
    }

    /** What waits in a socket and is wanted; empty if nothing does. */
    static byte[] next(DatagramChannel socket, Predicate<byte[]> wanted) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_FRAME_BYTES);
        while (socket.receive(buffer) != null) {
            byte[] bytes = Arrays.copyOf(buffer.array(), buffer.position());
            if (wanted.test(bytes)) {
                return bytes;
            }
            buffer.clear();
        }
        return new byte[0];
    }

    /** The next datagram of a socket. */
    static byte[] awaitDatagram(DatagramChannel socket) {
        return await().pollInterval(Duration.ofMillis(2))
                .atMost(Duration.ofSeconds(10))
                .until(() -> next(socket, _ -> true), bytes -> bytes.length > 0);
    }

    /** A command in the pod, whatever its end. */
    String inPod(String command) throws Exception {
        return namespaces.run(node.pod(), command.split(" ")).output();
    }

    long drops(DropReason reason) {
        return overlay.stats().drops().getOrDefault(reason, 0L);
    }

    void awaitDrops(DropReason reason, long count) {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(drops(reason)).isEqualTo(count));
    }

    /** Counts packets that match from now on, of those that arrive in {@code namespace}. */
    void count(NetworkNamespace namespace, String match) throws Exception {
        String line = "iptables -t mangle -A PREROUTING " + match;
        namespaces.check(namespace, line.split(" "));
    }

    /** What the only such rule in {@code namespace} has counted. */
    long counted(NetworkNamespace namespace) throws Exception {
        String rules = namespaces.check(namespace, "iptables-save", "-c", "-t", "mangle");
        for (String line : rules.lines().toList()) {
            Matcher matcher = COUNTED.matcher(line);
            if (line.contains("-A PREROUTING") && matcher.find()) {
                return Long.parseLong(matcher.group(1));
            }
        }
        throw new AssertionError(rules);
    }

    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                namespaces.close();
                throw new AssertionError(e);
            }
        }
        namespaces.close();
    }
}
