package dev.culvert.bench.path;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A node: a network namespace with the underlay interface {@code eth0}, a bridge, and one pod in a
 * namespace of its own. Node N is 192.168.77.N and has the pods 10.99.N.0/24.
 */
record Node(int number, Processes processes, NetworkNamespace node, NetworkNamespace pod)
        implements AutoCloseable {
    static final int POD_MTU = 1450;
    static final int UNDERLAY_MTU = 1500;
    private static final int KERNEL_PORT = 8472;
    private static final int VNI = 1;

    /** Makes one, without an underlay. */
    static Node create(int number, Processes processes) throws IOException {
        Node result =
                new Node(number, processes, NetworkNamespace.create(), NetworkNamespace.create());
        result.ip("link set lo up");
        result.inPod("ip link set lo up");
        result.inNode("sysctl -qw net.ipv4.ip_forward=1");
        // For request and response; a namespace may not make a restricted one its default.
        result.inPod("sysctl -qw net.ipv4.tcp_congestion_control=reno");
        // Or what one mode lost slows down the next one's connections.
        result.inPod("sysctl -qw net.ipv4.tcp_no_metrics_save=1");
        result.connectPod();
        return result;
    }

    private void connectPod() throws IOException {
        ip("link add pod0 type veth peer name eth0 netns " + pod.path());
        ip("link add br0 type bridge");
        ip("link set pod0 mtu %d master br0 up".formatted(POD_MTU));
        ip("link set br0 mtu %d up".formatted(POD_MTU));
        ip("addr add %s/24 dev br0".formatted(base(1)));
        inPod("ip link set eth0 mtu %d up".formatted(POD_MTU));
        inPod("ip addr add %s/24 dev eth0".formatted(base(2)));
    }

    /** Joins the two by a veth pair. */
    void join(Node peer) throws IOException {
        ip(
                "link add eth0 mtu %d type veth peer name eth0 mtu %d netns %s"
                        .formatted(UNDERLAY_MTU, UNDERLAY_MTU, peer.node.path()));
        for (Node each : List.of(this, peer)) {
            each.ip("addr add %s/24 dev eth0".formatted(each.underlay().getHostAddress()));
            each.ip("link set eth0 up");
        }
    }

    /** Makes the kernel's vxlan device with static entries for the peer, as flannel does. */
    void createVxlan(Node peer) throws IOException {
        String peerMac = peer.mac().toString();
        ip(
                ("link add vxlan0 mtu %d address %s type vxlan id %d local %s dev eth0 dstport %d"
                                + " nolearning")
                        .formatted(POD_MTU, mac(), VNI, underlay().getHostAddress(), KERNEL_PORT));
        ip("addr add %s/32 dev vxlan0".formatted(base(0)));
        ip("link set vxlan0 up");
        ip("neigh replace %s lladdr %s dev vxlan0 nud permanent".formatted(peer.base(0), peerMac));
        inNode(
                "bridge fdb append %s dev vxlan0 dst %s"
                        .formatted(peerMac, peer.underlay().getHostAddress()));
    }

    /** Sends packets for the peer's pods this way from now on. */
    void routeBy(Mode mode, Node peer) throws IOException {
        String hop =
                switch (mode) {
                    case CULVERT, CULVERT_PLAIN -> "dev " + DataPath.tunName(mode);
                    case KERNEL -> "via %s dev vxlan0 onlink".formatted(peer.base(0));
                    case ROUTING -> "via " + peer.underlay().getHostAddress();
                    case OPENVPN -> "dev " + OpenVpn.DEVICE;
                    case WIREGUARD_GO -> "dev " + WireGuard.DEVICE;
                };
        ip("route replace %s %s".formatted(peer.podCidr(), hop));
        inPod("ip route replace default via %s mtu %d".formatted(base(1), mode.mtu()));
        limitSuperPackets(mode.gsoMaxSize());
    }

    /**
     * As the product that is measured would leave the pod's interface. Up to 64 KiB the kernel
     * takes the limit for IPv4 from the general one, which older versions of ip do not know apart.
     */
    private void limitSuperPackets(int bytes) throws IOException {
        inPod("ip link set eth0 gso_max_size " + bytes);
    }

    /** {@code ip} in the node. */
    void ip(String arguments) throws IOException {
        inNode("ip " + arguments);
    }

    /** A command in the node. */
    void inNode(String command) throws IOException {
        processes.run(node, List.of(command.split(" ")));
    }

    private void inPod(String command) throws IOException {
        processes.run(pod, List.of(command.split(" ")));
    }

    /** What its pod has received since it was made. */
    long podReceivedBytes() throws IOException {
        return MachineFiles.receivedBytes(callInPod(MachineFiles::devices), "eth0");
    }

    /** Runs a block on a thread of its own in the pod. */
    <T> T callInPod(Callable<T> block) throws IOException {
        try {
            return pod.call(block);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("cannot enter the pod of node " + number, e);
        }
    }

    /** Its address for other nodes. */
    InetAddress underlay() {
        return IpAddresses.parse("192.168.77." + number);
    }

    /** The address of its pod. */
    InetAddress podAddress() {
        return IpAddresses.parse(base(2));
    }

    /** The addresses of its pods. */
    Cidr podCidr() {
        return Cidr.parse(base(0) + "/24");
    }

    /** The MAC address inside the tunnel. */
    MacAddress mac() {
        return MacAddress.ofName("bench" + number);
    }

    private String base(int host) {
        return "10.99.%d.%d".formatted(number, host);
    }

    @Override
    public void close() {
        pod.close();
        node.close();
    }
}
