package dev.culvert.overlay;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.util.List;

/**
 * A node of a test: a network namespace with an underlay interface {@code eth0}, a bridge and one
 * pod in a namespace of its own. Node N has the underlay address 192.168.77.N and the pod range
 * 10.99.N.0/24.
 */
record TestNode(
        int number, TestNamespaces namespaces, NetworkNamespace node, NetworkNamespace pod) {
    static final int PORT = 4789;
    static final int VNI = 1;
    static final String TUN = "cv.tun";
    private static final int POD_MTU = 1450;

    /** Two nodes joined by a veth pair. */
    static List<TestNode> pair(TestNamespaces namespaces) throws Exception {
        TestNode first = create(1, namespaces);
        TestNode second = create(2, namespaces);
        namespaces.connect(first.node, "eth0", second.node, "eth0");
        for (TestNode each : List.of(first, second)) {
            each.ip("addr add %s/24 dev eth0".formatted(each.underlay().getHostAddress()));
        }
        return List.of(first, second);
    }

    private static TestNode create(int number, TestNamespaces namespaces) throws Exception {
        TestNode result =
                new TestNode(number, namespaces, namespaces.create(), namespaces.create());
        namespaces.connect(result.node, "pod0", result.pod, "eth0");
        result.ip("link add br0 type bridge");
        result.ip("link set pod0 mtu " + POD_MTU + " master br0");
        result.ip("link set br0 mtu " + POD_MTU + " up");
        result.ip("addr add 10.99.%d.1/24 dev br0".formatted(number));
        result.podIp("link set eth0 mtu " + POD_MTU);
        result.podIp("addr add 10.99.%d.2/24 dev eth0".formatted(number));
        result.podIp("route add default via 10.99.%d.1".formatted(number));
        namespaces.check(result.node, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        return result;
    }

    /** {@code ip} in the node. */
    void ip(String arguments) throws Exception {
        namespaces.check(node, ("ip " + arguments).split(" "));
    }

    /** {@code ip} in the pod. */
    void podIp(String arguments) throws Exception {
        namespaces.check(pod, ("ip " + arguments).split(" "));
    }

    InetAddress underlay() {
        return IpAddresses.parse("192.168.77." + number);
    }

    InetAddress podAddress() {
        return IpAddresses.parse("10.99.%d.2".formatted(number));
    }

    Cidr podCidr() {
        return Cidr.parse("10.99.%d.0/24".formatted(number));
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
                        List.of(podCidr()),
                        loops,
                        List.of(),
                        OverlayConfig.Tuning.DEFAULT);
        Overlay overlay = new Overlay(config, offload);
        node.call(
                () -> {
                    overlay.start();
                    return true;
                });
        overlay.limitTo(POD_MTU);
        overlay.publish(Fdb.of(List.of(new FdbEntry(peer.podCidr(), peer.vtep()))));
        ip("addr add %s/32 dev %s".formatted(podCidr().network().getHostAddress(), TUN));
        ip("link set %s mtu %d up".formatted(TUN, POD_MTU));
        ip(
                "route add 10.99.0.0/16 dev %s src %s"
                        .formatted(TUN, podCidr().network().getHostAddress()));
        return overlay;
    }

    /** Sets up the kernel's vxlan device here as flannel does: static entries, no learning. */
    void startKernelVxlan(TestNode peer) throws Exception {
        String base = podCidr().network().getHostAddress();
        String peerBase = peer.podCidr().network().getHostAddress();
        String peerMac = peer.vtep().mac().toString();
        ip(
                "link add flannel.1 mtu %d address %s type vxlan id %d local %s dev eth0 dstport %d nolearning"
                        .formatted(POD_MTU, vtep().mac(), VNI, underlay().getHostAddress(), PORT));
        ip("addr add %s/32 dev flannel.1".formatted(base));
        ip("link set flannel.1 up");
        ip("neigh replace %s lladdr %s dev flannel.1 nud permanent".formatted(peerBase, peerMac));
        namespaces.check(
                node,
                "bridge fdb append %s dev flannel.1 dst %s"
                        .formatted(peerMac, peer.underlay().getHostAddress())
                        .split(" "));
        ip("route replace %s via %s dev flannel.1 onlink".formatted(peer.podCidr(), peerBase));
    }
}
