package dev.culvert.overlay;

import static org.awaitility.Awaitility.await;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/**
 * A node of a test: a network namespace with an underlay interface {@code eth0}, a bridge and one
 * pod in a namespace of its own. Node N has the underlay addresses 192.168.77.N and fd00:77::N and
 * the pod ranges 10.99.N.0/24 and fd00:99:N::/64.
 *
 * @param outer the family of the underlay that the overlay uses
 */
record TestNode(
        int number,
        IpFamily outer,
        TestNamespaces namespaces,
        NetworkNamespace node,
        NetworkNamespace pod) {
    static final int PORT = 4789;
    static final int VNI = 1;
    static final String TUN = "cv.tun";
    private static final int LINK_MTU = 1500;

    /** Two nodes joined by a veth pair, with the overlay over IPv4. */
    static List<TestNode> pair(TestNamespaces namespaces) throws Exception {
        return pair(namespaces, IpFamily.IPV4);
    }

    /** Two nodes joined by a veth pair. */
    static List<TestNode> pair(TestNamespaces namespaces, IpFamily outer) throws Exception {
        List<TestNode> nodes = List.of(create(1, outer, namespaces), create(2, outer, namespaces));
        namespaces.connect(nodes.get(0).node, "eth0", nodes.get(1).node, "eth0");
        for (TestNode each : nodes) {
            each.addressUnderlay();
        }
        nodes.get(0).awaitLinks(nodes.get(1));
        nodes.get(1).awaitLinks(nodes.get(0));
        return nodes;
    }

    /** The kernel lets a link carry packets some time after it is up, longer when it is busy. */
    private void awaitLinks(TestNode other) {
        List<String> ends =
                List.of(
                        "10.99.%d.2".formatted(number),
                        "fd00:99:%d::2".formatted(number),
                        "192.168.77.%d".formatted(other.number),
                        "fd00:77::%d".formatted(other.number));
        for (String end : ends) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> namespaces.run(node, "ping", "-c1", "-W1", end).status() == 0);
        }
    }

    /** A node whose {@code eth0} is still to be made. */
    static TestNode create(int number, IpFamily outer, TestNamespaces namespaces) throws Exception {
        TestNode result =
                new TestNode(number, outer, namespaces, namespaces.create(), namespaces.create());
        receiveOnOneCore(namespaces, result.node);
        receiveOnOneCore(namespaces, result.pod);
        namespaces.connect(result.node, "pod0", result.pod, "eth0");
        int mtu = result.podMtu();
        result.ip("link add br0 type bridge");
        result.ip("link set pod0 mtu %d master br0".formatted(mtu));
        result.ip("link set br0 mtu %d up".formatted(mtu));
        result.ip("addr add 10.99.%d.1/24 dev br0".formatted(number));
        result.ip("addr add fd00:99:%d::1/64 dev br0 nodad".formatted(number));
        result.podIp("link set eth0 mtu %d".formatted(mtu));
        result.podIp("addr add 10.99.%d.2/24 dev eth0".formatted(number));
        result.podIp("addr add fd00:99:%d::2/64 dev eth0 nodad".formatted(number));
        result.podIp("route add default via 10.99.%d.1".formatted(number));
        result.podIp("-6 route add default via fd00:99:%d::1".formatted(number));
        namespaces.check(
                result.node,
                "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1".split(" "));
        return result;
    }

    /**
     * A veth device puts a packet in the queue of the core that sends it, so that a sender that
     * moves to another core overtakes itself, which it does not on a network card. One queue for
     * all keeps the order, where the kernel has this setting.
     */
    static void receiveOnOneCore(TestNamespaces namespaces, NetworkNamespace namespace)
            throws Exception {
        namespaces.run(namespace, "sysctl", "-qw", "net.core.rps_default_mask=1");
    }

    /** Gives {@code eth0} its addresses, once it is there. */
    void addressUnderlay() throws Exception {
        ip("addr add 192.168.77.%d/24 dev eth0".formatted(number));
        ip("addr add fd00:77::%d/64 dev eth0 nodad".formatted(number));
    }

    /** Lets only finished frames of at most 1500 bytes onto the link, as between machines. */
    void cutAtTheLink() throws Exception {
        namespaces.check(
                node,
                "ethtool -K eth0 tx off tso off gso off gro on tx-udp-segmentation off".split(" "));
    }

    /** {@code ip} in the node. */
    void ip(String arguments) throws Exception {
        namespaces.check(node, ("ip " + arguments).split(" "));
    }

    /** {@code ip} in the pod. */
    void podIp(String arguments) throws Exception {
        namespaces.check(pod, ("ip " + arguments).split(" "));
    }

    int podMtu() {
        return LINK_MTU
                - (outer == IpFamily.IPV4
                        ? VxlanEncapsulation.IPV4_OVERHEAD
                        : VxlanEncapsulation.IPV6_OVERHEAD);
    }

    InetAddress underlay() {
        String base = outer == IpFamily.IPV4 ? "192.168.77." : "fd00:77::";
        return IpAddresses.parse(base + number);
    }

    InetAddress podAddress() {
        return podAddress(IpFamily.IPV4);
    }

    InetAddress podAddress(IpFamily family) {
        String address = family == IpFamily.IPV4 ? "10.99.%d.2" : "fd00:99:%d::2";
        return IpAddresses.parse(address.formatted(number));
    }

    Cidr podCidr(IpFamily family) {
        String cidr = family == IpFamily.IPV4 ? "10.99.%d.0/24" : "fd00:99:%d::/64";
        return Cidr.parse(cidr.formatted(number));
    }

    List<Cidr> podCidrs() {
        return List.of(podCidr(IpFamily.IPV4), podCidr(IpFamily.IPV6));
    }

    Vtep vtep() {
        return new Vtep("node" + number, underlay(), PORT, MacAddress.ofName("node" + number));
    }

    /** Starts Culvert's data path here, with {@code peer} as the only other node. */
    Overlay startOverlay(TestNode peer, OverlayConfig.Offload offload, int loops) throws Exception {
        OverlayConfig config =
                new OverlayConfig(
                        TUN,
                        VNI,
                        underlay(),
                        PORT,
                        vtep().mac(),
                        podCidrs(),
                        loops,
                        List.of(),
                        OverlayConfig.Tuning.DEFAULT);
        Overlay overlay = new Overlay(config, offload);
        node.call(
                () -> {
                    overlay.start();
                    return true;
                });
        overlay.limitTo(podMtu());
        overlay.publish(
                Fdb.of(
                        peer.podCidrs().stream()
                                .map(cidr -> new FdbEntry(cidr, peer.vtep()))
                                .toList()));
        String base = podCidr(IpFamily.IPV4).network().getHostAddress();
        ip("addr add %s/32 dev %s".formatted(base, TUN));
        ip("link set %s mtu %d up".formatted(TUN, podMtu()));
        ip("route add 10.99.0.0/16 dev %s src %s".formatted(TUN, base));
        ip("-6 route add fd00:99::/32 dev %s src fd00:99:%d::1".formatted(TUN, number));
        return overlay;
    }

    /** Sets up the kernel's vxlan device here as flannel does: static entries, no learning. */
    void startKernelVxlan(TestNode peer) throws Exception {
        ip(
                "link add flannel.1 mtu %d address %s type vxlan id %d local %s dev eth0 dstport %d nolearning"
                        .formatted(podMtu(), vtep().mac(), VNI, underlay().getHostAddress(), PORT));
        String base = podCidr(IpFamily.IPV4).network().getHostAddress();
        ip("addr add %s/32 dev flannel.1".formatted(base));
        ip("link set flannel.1 up");
        String peerMac = peer.vtep().mac().toString();
        namespaces.check(
                node,
                "bridge fdb append %s dev flannel.1 dst %s"
                        .formatted(peerMac, peer.underlay().getHostAddress())
                        .split(" "));
        for (Cidr cidr : peer.podCidrs()) {
            String gateway = cidr.network().getHostAddress();
            ip(
                    "neigh replace %s lladdr %s dev flannel.1 nud permanent"
                            .formatted(gateway, peerMac));
            ip("route replace %s via %s dev flannel.1 onlink".formatted(cidr, gateway));
        }
    }

    /** Routes to the peer's pods without any overlay. */
    void startPlainRouting(TestNode peer) throws Exception {
        plainRoutes("add", peer);
    }

    /** Takes back what {@link #startPlainRouting} did. */
    void stopPlainRouting(TestNode peer) throws Exception {
        plainRoutes("del", peer);
    }

    private void plainRoutes(String verb, TestNode peer) throws Exception {
        ip(
                "route %s %s via 192.168.77.%d"
                        .formatted(verb, peer.podCidr(IpFamily.IPV4), peer.number));
        ip(
                "-6 route %s %s via fd00:77::%d"
                        .formatted(verb, peer.podCidr(IpFamily.IPV6), peer.number));
    }
}
