package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PodAttachment;
import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.rules.ClusterSets;
import dev.culvert.agent.rules.Forwarding;
import dev.culvert.agent.rules.FrameGuard;
import dev.culvert.agent.rules.HostPorts;
import dev.culvert.agent.rules.Masquerade;
import dev.culvert.agent.rules.RulePart;
import dev.culvert.agent.rules.RulesMeter;
import dev.culvert.agent.rules.SourceGuard;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.iptables.NamespaceCommand;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.conntrack.KernelConntrack;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Real packets through the rules of a node with two pods. The outside is a machine that has no
 * route to the pods.
 */
class RulesIT {
    private static final String NODE = "192.0.2.1";
    private static final String OUTSIDE = "192.0.2.9";
    private static final String NODE_6 = "fd00:192::1";
    private static final String OUTSIDE_6 = "fd00:192::9";
    private static final String ONE = "10.244.1.2";
    private static final String TWO = "10.244.1.3";
    private static final int CONNECT_MILLIS = 10_000;

    private final AtomicLong now = new AtomicLong();
    private final List<LocalPod> pods = new ArrayList<>();
    private boolean guardsFrames;
    private List<String> ranges = List.of("10.244.1.0/24");
    private TestNamespaces namespaces;
    private NetworkNamespace node;
    private NetworkNamespace outside;
    private NetworkNamespace one;
    private NetworkNamespace two;
    private KernelConntrack conntrack;
    private KernelRtnetlink rtnetlink;
    private RulesSync rules;

    @BeforeEach
    void setUp() throws Exception {
        namespaces = TestNamespaces.assumePermitted();
        node = namespaces.create();
        outside = namespaces.create();
        namespaces.connect(node, "eth0", outside, "eth0");
        ip(node, "addr add %s/24 dev eth0".formatted(NODE));
        ip(outside, "addr add %s/24 dev eth0".formatted(OUTSIDE));
        ip(node, "link set lo up");
        ip(node, "link add culvert0 type bridge");
        ip(node, "addr add 10.244.1.1/24 dev culvert0");
        ip(node, "link set culvert0 up");
        namespaces.check(node, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        namespaces.check(node, "iptables-nft", "-P", "FORWARD", "DROP");
        one = pod("one", ONE);
        two = pod("two", TWO);
        conntrack = node.call(KernelConntrack::open);
        rtnetlink = namespaces.rtnetlink(node);
        rules = rules();
        rules.apply();
    }

    private void ip(NetworkNamespace where, String arguments) throws Exception {
        namespaces.check(where, ("ip " + arguments).split(" "));
    }

    private NetworkNamespace pod(String name, String address) throws Exception {
        NetworkNamespace pod = namespaces.create();
        String port = Attachment.hostVeth(name, "eth0");
        namespaces.connect(node, port, pod, "eth0");
        MacAddress mac = MacAddress.ofPod(IpAddresses.parse(address));
        ip(pod, "link set eth0 address " + mac);
        ip(pod, "addr add %s/24 dev eth0".formatted(address));
        ip(pod, "route add default via 10.244.1.1");
        ip(node, "link set %s master culvert0".formatted(port));
        namespaces.check(node, "bridge", "link", "set", "dev", port, "hairpin", "on");
        attach(name, address);
        return pod;
    }

    private void attach(String name, String address, PortMapping... ports) {
        Endpoint endpoint = new Endpoint(name, "eth0");
        pods.removeIf(each -> each.lease().endpoint().equals(endpoint));
        List<InetAddress> addresses = new ArrayList<>(List.of(IpAddresses.parse(address)));
        if (ranges.size() > 1) {
            addresses.add(IpAddresses.parse(ipv6(address)));
        }
        AddressLease lease = new AddressLease(endpoint, addresses, name);
        MacAddress mac = MacAddress.ofPod(IpAddresses.parse(address));
        pods.add(new LocalPod(lease, new PodAttachment(endpoint, name, "", mac, List.of(ports))));
    }

    private RulesSync rules() {
        NodePlan plan = new NodePlan(new Repairs(new RecentChanges()));
        plan.set(
                new Underlay("eth0", IpAddresses.parse(NODE), 1500),
                ranges.stream().map(Cidr::parse).toList());
        RulesSync made =
                new RulesSync(
                        AgentConfig::defaults,
                        new NamespaceCommand(node),
                        plan,
                        parts(),
                        settings(),
                        now::get);
        made.pods(() -> List.copyOf(pods));
        made.setDesired(
                new ClusterView(
                        null,
                        List.of(),
                        "",
                        List.of(),
                        new ClusterAddresses(Set.of(), Set.of(IpAddresses.parse(NODE))),
                        List.of(),
                        List.of(),
                        Map.of(),
                        true));
        return made;
    }

    private List<RulePart> parts() {
        List<RulePart> parts = new ArrayList<>();
        parts.add(new ClusterSets());
        parts.add(new SourceGuard());
        if (guardsFrames) {
            parts.add(new FrameGuard(new NamespaceCommand(node), () -> {}));
        }
        parts.add(new Forwarding());
        parts.add(new Masquerade());
        parts.add(new HostPorts(conntrack, new IpvsAddresses(rtnetlink)));
        return parts;
    }

    private KernelSettings settings() {
        ProcSettings real = new ProcSettings();
        return new KernelSettings() {
            @Override
            public boolean exists(String path) {
                return real.exists(path);
            }

            @Override
            public String value(String path) throws IOException {
                return in(node, () -> real.value(path));
            }

            @Override
            public void ensure(String path, String value) throws IOException {
                in(
                        node,
                        () -> {
                            real.ensure(path, value);
                            return true;
                        });
            }
        };
    }

    private static <T> T in(NetworkNamespace where, Callable<T> block) throws IOException {
        try {
            return where.call(block);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void close() {
        if (conntrack != null) {
            conntrack.close();
        }
        namespaces.close();
    }

    /** Whom a server at a port sees when {@code from} connects to {@code address}. */
    private String seen(NetworkNamespace from, String address, NetworkNamespace to, int port)
            throws Exception {
        return seen(from, new InetSocketAddress(address, port), to, port);
    }

    private static String seen(
            NetworkNamespace from, InetSocketAddress address, NetworkNamespace to, int port)
            throws Exception {
        try (ServerSocket server = to.call(() -> new ServerSocket(port));
                Socket client = from.call(Socket::new)) {
            server.setSoTimeout(CONNECT_MILLIS);
            from.call(
                    () -> {
                        client.connect(address, CONNECT_MILLIS);
                        return true;
                    });
            try (Socket accepted = server.accept()) {
                return accepted.getInetAddress().getHostAddress();
            }
        }
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(address, port);
    }

    @Test
    void onlyWhatLeavesTheClusterTakesTheNodesAddress() throws Exception {
        assertThat(seen(one, OUTSIDE, outside, 80)).isEqualTo(NODE);
        assertThat(seen(one, TWO, two, 80)).isEqualTo(ONE);
        assertThat(seen(one, NODE, node, 80)).isEqualTo(ONE);
        assertThat(seen(node, ONE, one, 80)).isEqualTo("10.244.1.1");
    }

    @Test
    void aPortOfTheNodeLeadsToThePodFromEverywhere() throws Exception {
        PortMapping mapping = new PortMapping(Protocol.TCP, 8080, 80, null);
        attach("two", TWO, mapping);
        rules.apply();
        assertThat(seen(outside, at(NODE, 8080), two, 80)).isEqualTo(OUTSIDE);
        assertThat(seen(one, at(NODE, 8080), two, 80)).isEqualTo(ONE);
        assertThat(seen(two, at(NODE, 8080), two, 80)).as("hairpin").isEqualTo("10.244.1.1");
        assertThat(seen(node, at(NODE, 8080), two, 80)).isIn(NODE, "10.244.1.1");
        assertThat(seen(node, at("127.0.0.1", 8080), two, 80)).isEqualTo("10.244.1.1");
        attach("two", TWO);
        rules.apply();
        assertThat(seen(outside, at(NODE, 8080), node, 8080)).as("gone").isEqualTo(OUTSIDE);
    }

    /** The pod's other address: 10.244.1.2 is fd00:244:1::2. */
    private static String ipv6(String address) {
        return address.replace("10.244.1.", "fd00:244:1::");
    }

    private void useBothFamilies() throws Exception {
        namespaces.check(node, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
        namespaces.check(node, "ip6tables-nft", "-P", "FORWARD", "DROP");
        ip(node, "addr add %s/64 dev eth0 nodad".formatted(NODE_6));
        ip(outside, "addr add %s/64 dev eth0 nodad".formatted(OUTSIDE_6));
        ip(node, "addr add fd00:244:1::1/64 dev culvert0 nodad");
        ip(one, "addr add %s/64 dev eth0 nodad".formatted(ipv6(ONE)));
        ip(two, "addr add %s/64 dev eth0 nodad".formatted(ipv6(TWO)));
        ip(one, "route add default via fd00:244:1::1");
        ip(two, "route add default via fd00:244:1::1");
        ranges = List.of("10.244.1.0/24", "fd00:244:1::/64");
        attach("one", ONE);
        guardsFrames = true;
        rules = rules();
    }

    @Test
    void ipv6TakesTheSameWays() throws Exception {
        useBothFamilies();
        attach("two", TWO, new PortMapping(Protocol.TCP, 8080, 80, null));
        rules.apply();
        assertThat(seen(one, at(OUTSIDE_6, 80), outside, 80)).isEqualTo(text(NODE_6));
        assertThat(seen(one, at(ipv6(TWO), 80), two, 80)).isEqualTo(text(ipv6(ONE)));
        assertThat(seen(outside, at(NODE_6, 8080), two, 80)).isEqualTo(text(OUTSIDE_6));
        assertThat(seen(one, at(NODE_6, 8080), two, 80)).isEqualTo(text(ipv6(ONE)));
        assertThat(seen(two, at(NODE_6, 8080), two, 80))
                .as("hairpin")
                .isEqualTo(text("fd00:244:1::1"));
        assertThat(seen(node, at(NODE_6, 8080), two, 80))
                .as("node")
                .isIn(text(NODE_6), text("fd00:244:1::1"));
        ip(one, "addr add fd00:244:1::77/128 dev eth0 nodad");
        assertThat(ping(one, "-I", "fd00:244:1::77", ipv6(TWO))).as("another pod's").isFalse();
        assertThat(dropped(RulesMeter.Drop.SPOOFED_SOURCE)).isPositive();
    }

    private static String text(String address) {
        return IpAddresses.parse(address).getHostAddress();
    }

    /** As kube-proxy in IPVS mode has it, whose addresses are the node's. */
    @Test
    void aPortOfTheNodeIsNoPortOfTheServicesWhoseAddressesItHas() throws Exception {
        ip(node, "link add kube-ipvs0 type bridge");
        ip(node, "addr add 10.96.0.10/32 dev kube-ipvs0");
        attach("two", TWO, new PortMapping(Protocol.TCP, 8080, 80, null));
        rules.apply();
        assertThat(seen(one, at("10.96.0.10", 8080), node, 8080)).isEqualTo(ONE);
        assertThat(seen(one, at(NODE, 8080), two, 80)).isEqualTo(ONE);
        ip(node, "addr add 10.96.0.11/32 dev kube-ipvs0");
        rules.apply();
        assertThat(seen(one, at("10.96.0.11", 8080), node, 8080)).isEqualTo(ONE);
        ip(node, "link del kube-ipvs0");
        rules.apply();
        assertThat(namespaces.check(node, "ipset", "list", "-n"))
                .doesNotContain("CULVERT-SERVICES");
    }

    /** What kube-proxy writes for one Service, in iptables mode. */
    @Test
    void servicesKeepTheirWaysAndTheirSourcesBesideOurRules() throws Exception {
        try (InputStream rulesOfKubeProxy =
                RulesIT.class.getResourceAsStream("/kube-proxy.rules")) {
            assertThat(rulesOfKubeProxy).isNotNull();
            String text = new String(rulesOfKubeProxy.readAllBytes(), StandardCharsets.UTF_8);
            var written =
                    new NamespaceCommand(node)
                            .run(List.of("iptables-nft-restore", "--noflush"), text);
            assertThat(written.status()).as(written.error()).isZero();
        }
        attach("two", TWO, new PortMapping(Protocol.TCP, 8080, 80, null));
        guardsFrames = true;
        rules = rules();
        rules.apply();
        ip(outside, "route add 10.96.0.0/16 via " + NODE);
        ip(node, "route add default via " + OUTSIDE);
        assertThat(seen(one, at("10.96.0.10", 80), two, 80)).as("from a pod").isEqualTo(ONE);
        assertThat(seen(two, at("10.96.0.10", 80), two, 80))
                .as("from itself")
                .isEqualTo("10.244.1.1");
        assertThat(seen(node, at("10.96.0.10", 80), two, 80))
                .as("from the node")
                .isEqualTo("10.244.1.1");
        assertThat(seen(outside, at("10.96.0.10", 80), two, 80))
                .as("from outside")
                .isEqualTo("10.244.1.1");
        assertThat(seen(outside, at(NODE, 30080), two, 80)).as("NodePort").isEqualTo("10.244.1.1");
        assertThat(seen(outside, at(NODE, 30081), two, 80))
                .as("NodePort, policy Local")
                .isEqualTo(OUTSIDE);
        assertThat(seen(outside, at(NODE, 8080), two, 80)).as("hostPort").isEqualTo(OUTSIDE);
        assertThat(seen(one, OUTSIDE, outside, 80)).as("to outside").isEqualTo(NODE);
        List<String> chain =
                namespaces
                        .check(node, "iptables-nft", "-t", "nat", "-S", "PREROUTING")
                        .lines()
                        .filter(line -> line.contains(" -j "))
                        .toList();
        assertThat(chain).hasSize(2);
        assertThat(chain.getFirst()).contains("-j KUBE-SERVICES");
        assertThat(chain.getLast()).contains("-j CULVERT-HOSTPORT");
    }

    @Test
    void datagramsOfAConnectionThatBeganBeforeThePortReachThePod() throws Exception {
        try (DatagramSocket sender = outside.call(() -> new DatagramSocket(4000));
                DatagramSocket receiver = two.call(() -> new DatagramSocket(53))) {
            byte[] text = "hello".getBytes(StandardCharsets.UTF_8);
            DatagramPacket packet = new DatagramPacket(text, text.length, at(NODE, 5353));
            sender.send(packet);
            attach("two", TWO, new PortMapping(Protocol.UDP, 5353, 53, null));
            rules.apply();
            receiver.setSoTimeout(500);
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(
                            () -> {
                                sender.send(packet);
                                assertThat(received(receiver)).isEqualTo("hello");
                            });
        }
    }

    private static String received(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        try {
            socket.receive(packet);
        } catch (SocketTimeoutException _) {
            return "nothing";
        }
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    @Test
    void whatIsNotThePodsOwnIsDroppedAndCounted() throws Exception {
        assertThat(ping(one, TWO)).isTrue();
        ip(one, "addr add 10.244.1.77/32 dev eth0");
        assertThat(ping(one, "-I", "10.244.1.77", TWO)).as("another pod's").isFalse();
        assertThat(ping(one, "-I", "10.244.1.77", "10.244.1.1")).as("the node").isFalse();
        long spoofed = dropped(RulesMeter.Drop.SPOOFED_SOURCE);
        assertThat(spoofed).isGreaterThanOrEqualTo(2);
        try (DatagramSocket socket = one.call(DatagramSocket::new)) {
            socket.send(new DatagramPacket(new byte[8], 8, at(NODE, 4789)));
            socket.send(new DatagramPacket(new byte[8], 8, at("10.244.1.1", 4789)));
        }
        await().pollInSameThread()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(
                        () -> assertThat(dropped(RulesMeter.Drop.OVERLAY_PORT)).isEqualTo(2));
        assertThat(dropped(RulesMeter.Drop.SPOOFED_SOURCE)).isEqualTo(spoofed);
        ip(one, "link set eth0 address 02:00:00:00:00:01");
        assertThat(ping(one, TWO)).as("another hardware address").isFalse();
        assertThat(dropped(RulesMeter.Drop.SPOOFED_SOURCE)).isGreaterThan(spoofed);
    }

    private boolean ping(NetworkNamespace from, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("ping", "-c1", "-W2"));
        words.addAll(List.of(arguments));
        return namespaces.run(from, words.toArray(String[]::new)).status() == 0;
    }

    private long dropped(RulesMeter.Drop reason) throws IOException {
        now.addAndGet(Duration.ofSeconds(30).toNanos());
        rules.queueResync();
        rules.apply();
        return rules.meter().dropped(reason);
    }
}
