package dev.culvert.agent;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A node that runs flannel with its vxlan backend, as flannel leaves the kernel: a vxlan device
 * that learns nothing, and for each other node a neighbour entry, an FDB entry and a route. It is
 * number 2 of its network: 192.168.77.2 with 10.244.2.0/24, or fd00:77::2 with fd00:244:2::/64.
 *
 * @param mac what it announces
 * @param port the UDP port
 */
record FlannelNode(
        TestNamespaces namespaces,
        NetworkNamespace node,
        NetworkNamespace pod,
        IpFamily family,
        MacAddress mac,
        int port) {
    static final String NAME = "node2";
    private static final String PREFIX = "flannel.alpha.coreos.com/";

    /** Sets the node up but for what it knows of others; {@code eth0} is there. */
    static FlannelNode start(
            TestNamespaces namespaces, NetworkNamespace node, IpFamily family, int port)
            throws Exception {
        FlannelNode result =
                new FlannelNode(
                        namespaces,
                        node,
                        namespaces.create(),
                        family,
                        MacAddress.parse("4a:9b:5f:67:ed:08"),
                        port);
        result.ip(
                "addr add %s/%d dev eth0%s"
                        .formatted(result.ip(), result.v4() ? 24 : 64, result.noDad()));
        result.connectThePod();
        result.startDevice();
        return result;
    }

    private void connectThePod() throws Exception {
        namespaces.connect(node, "veth0", pod, "eth0");
        int mtu = podMtu();
        ip("link add cni0 mtu %d type bridge".formatted(mtu));
        ip("link set veth0 mtu %d master cni0".formatted(mtu));
        ip(
                "addr add %s dev cni0%s"
                        .formatted(v4() ? "10.244.2.1/24" : "fd00:244:2::1/64", noDad()));
        ip("link set cni0 up");
        inPod("link set eth0 mtu %d".formatted(mtu));
        inPod("addr add %s/%d dev eth0%s".formatted(podIp(), v4() ? 24 : 64, noDad()));
        inPod("route add default via %s".formatted(v4() ? "10.244.2.1" : "fd00:244:2::1"));
        namespaces.check(
                node,
                "sysctl",
                "-qw",
                v4() ? "net.ipv4.ip_forward=1" : "net.ipv6.conf.all.forwarding=1");
    }

    private void startDevice() throws Exception {
        ip(
                "link add %s mtu %d address %s type vxlan id 1 local %s dev eth0 dstport %d nolearning"
                        .formatted(device(), podMtu(), mac, ip(), port));
        ip("addr add %s/%d dev %s%s".formatted(base(2), family.addressBits(), device(), noDad()));
        ip("link set %s up".formatted(device()));
    }

    /** Does with the Node of another what flannel does when it sees it. */
    void learn(Node other) throws Exception {
        Map<String, String> annotations = other.getMetadata().getAnnotations();
        require(annotations, "kube-subnet-manager", "true");
        require(annotations, "backend-type", "vxlan");
        JsonNode data =
                new JsonMapper()
                        .readTree(
                                annotations.get(
                                        PREFIX + (v4() ? "backend-data" : "backend-v6-data")));
        String otherMac = data.path("VtepMAC").asString();
        String otherIp = annotations.get(PREFIX + (v4() ? "public-ip" : "public-ipv6"));
        ip(
                "neigh replace %s lladdr %s dev %s nud permanent"
                        .formatted(base(1), otherMac, device()));
        namespaces.check(
                node,
                "bridge fdb replace %s dev %s dst %s self permanent"
                        .formatted(otherMac, device(), otherIp)
                        .split(" "));
        ip(
                "route replace %s via %s dev %s onlink"
                        .formatted(other.getSpec().getPodCIDR(), base(1), device()));
    }

    /** What flannel would say of a node with this annotation of Culvert's. */
    static Map<String, String> translated(String announcement) {
        JsonNode vtep = new JsonMapper().readTree(announcement);
        return Map.of(
                PREFIX + "kube-subnet-manager",
                "true",
                PREFIX + "backend-type",
                "vxlan",
                PREFIX + "backend-data",
                "{\"VtepMAC\":\"%s\"}".formatted(vtep.path("mac").asString()),
                PREFIX + "public-ip",
                vtep.path("ip").asString());
    }

    private static void require(Map<String, String> annotations, String key, String value) {
        if (!value.equals(annotations.get(PREFIX + key))) {
            throw new AssertionError(key + " is not as flannel needs it: " + annotations);
        }
    }

    /** Its Node object as flannel annotates it. */
    NodeBuilder object() {
        String data = "{\"VNI\":1,\"VtepMAC\":\"%s\"}".formatted(mac);
        String cidr = v4() ? "10.244.2.0/24" : "fd00:244:2::/64";
        return ApiServer.node(NAME, ip())
                .editSpec()
                .withPodCIDR(cidr)
                .withPodCIDRs(cidr)
                .endSpec()
                .editMetadata()
                .addToAnnotations(PREFIX + "backend-type", "vxlan")
                .addToAnnotations(PREFIX + (v4() ? "backend-data" : "backend-v6-data"), data)
                .addToAnnotations(PREFIX + (v4() ? "public-ip" : "public-ipv6"), ip())
                .addToAnnotations(PREFIX + "kube-subnet-manager", "true")
                .endMetadata();
    }

    /** Its Node object as Culvert would annotate it. */
    NodeBuilder culvertObject() {
        return object().editMetadata()
                .withAnnotations(Map.of(ApiServer.ANNOTATION, announcement()))
                .endMetadata();
    }

    private String announcement() {
        return "{\"ip\":\"%s\",\"mac\":\"%s\",\"vni\":1,\"port\":%d,\"protocols\":[\"vxlan\"]}"
                .formatted(ip(), mac, port);
    }

    private boolean v4() {
        return family == IpFamily.IPV4;
    }

    String ip() {
        return v4() ? "192.168.77.2" : "fd00:77::2";
    }

    String podIp() {
        return v4() ? "10.244.2.2" : "fd00:244:2::2";
    }

    /** The address of the tunnel device of a node, from which the node itself sends. */
    private String base(int number) {
        return (v4() ? "10.244.%d.0" : "fd00:244:%d::").formatted(number);
    }

    private String device() {
        return v4() ? "flannel.1" : "flannel-v6.1";
    }

    private int podMtu() {
        return v4() ? 1450 : 1430;
    }

    private String noDad() {
        return v4() ? "" : " nodad";
    }

    private void ip(String arguments) throws Exception {
        namespaces.check(node, command(arguments));
    }

    private void inPod(String arguments) throws Exception {
        namespaces.check(pod, command(arguments));
    }

    private String[] command(String arguments) {
        return ("ip " + (v4() ? "" : "-6 ") + arguments).split(" ");
    }
}
