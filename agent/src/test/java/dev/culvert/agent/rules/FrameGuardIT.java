package dev.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PodAttachment;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.iptables.NamespaceCommand;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames of two pods on a bridge, true ones and lies. */
class FrameGuardIT {
    private static final String ONE = "10.244.1.2";
    private static final String TWO = "10.244.1.3";
    private static final String ONE_6 = "fd00:244:1::2";
    private static final String TWO_6 = "fd00:244:1::3";
    private static final String EVERYBODY = "ffffffffffff";
    private static final String LIAR = "020000000001";
    private static final String ARP = "0806";
    private static final String IPV6 = "86dd";

    private final List<LocalPod> pods = new ArrayList<>();
    private final AtomicInteger repairs = new AtomicInteger();
    private TestNamespaces namespaces;
    private NetworkNamespace node;
    private NetworkNamespace one;
    private NetworkNamespace two;
    private FrameGuard guard;

    @BeforeEach
    void setUp() throws Exception {
        namespaces = TestNamespaces.assumePermitted();
        node = namespaces.create();
        ip(node, "link add culvert0 type bridge");
        ip(node, "addr add 10.244.1.1/24 dev culvert0");
        ip(node, "addr add fd00:244:1::1/64 nodad dev culvert0");
        ip(node, "link set culvert0 up");
        one = pod("one", ONE, ONE_6);
        two = pod("two", TWO, TWO_6);
        guard = new FrameGuard(new NamespaceCommand(node), repairs::incrementAndGet);
        apply();
    }

    @AfterEach
    void close() {
        namespaces.close();
    }

    private NetworkNamespace pod(String name, String ipv4, String ipv6) throws Exception {
        NetworkNamespace pod = namespaces.create();
        String port = Attachment.hostVeth(name, "eth0");
        namespaces.connect(node, port, pod, "eth0");
        ip(pod, "link set eth0 address " + mac(ipv4));
        ip(pod, "addr add %s/24 dev eth0".formatted(ipv4));
        ip(pod, "addr add %s/64 nodad dev eth0".formatted(ipv6));
        ip(node, "link set %s master culvert0".formatted(port));
        Endpoint endpoint = new Endpoint(name, "eth0");
        pods.add(
                new LocalPod(
                        new AddressLease(
                                endpoint,
                                List.of(IpAddresses.parse(ipv4), IpAddresses.parse(ipv6)),
                                name),
                        new PodAttachment(endpoint, name, "", mac(ipv4), List.of())));
        return pod;
    }

    private static MacAddress mac(String ipv4) {
        return MacAddress.ofPod(IpAddresses.parse(ipv4));
    }

    private void ip(NetworkNamespace where, String arguments) throws Exception {
        namespaces.check(where, ("ip " + arguments).split(" "));
    }

    private void apply() throws IOException {
        RulesNode now =
                new RulesNode(
                        AgentConfig.defaults(),
                        List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:244:1::/64")),
                        ClusterAddresses.NONE,
                        pods);
        guard.render(
                now, new PacketFilter(new NamespaceCommand(node), EnumSet.allOf(IpFamily.class)));
        guard.applied(now);
        assertThat(guard.limitation()).isEmpty();
    }

    @Test
    void whatPodsSayOfThemselvesPasses() throws Exception {
        assertPings(one, TWO);
        assertPings(one, TWO_6);
        assertPings(node, ONE);
        assertPings(node, TWO_6);
        ip(one, "addr add %s/64 dev eth0".formatted("fe80::77"));
        await().atMost(Duration.ofSeconds(30))
                .until(
                        () ->
                                !namespaces
                                        .check(one, "ip", "-6", "addr", "show", "dev", "eth0")
                                        .contains("tentative"));
        assertPings(two, "fe80::77%eth0");
        assertThat(guard.dropped().values()).containsOnly(0L);
    }

    private void assertPings(NetworkNamespace from, String address) throws Exception {
        namespaces.check(from, "ping", "-n", "-c1", "-W5", address);
    }

    @Test
    void liesReachNobodyAndAreCounted() throws Exception {
        assertPings(node, TWO);
        assertPings(node, TWO_6);
        Map<RulesMeter.Drop, Long> expected = new EnumMap<>(guard.dropped());
        try (RawFrames liar = RawFrames.open(one, "eth0")) {
            for (String frame : neighborLies()) {
                liar.send(HexFormat.of().parseHex(frame));
                expected.merge(RulesMeter.Drop.SPOOFED_NEIGHBOR, 1L, Long::sum);
                awaitDropped(frame, expected);
            }
            for (String frame : sourceLies()) {
                liar.send(HexFormat.of().parseHex(frame));
                expected.merge(RulesMeter.Drop.SPOOFED_SOURCE, 1L, Long::sum);
                awaitDropped(frame, expected);
            }
            // Tagged for a VLAN, and of LLDP.
            for (String type : List.of("81000005" + IPV6, "88cc")) {
                liar.send(frame(one(), type, "00".repeat(50)));
                expected.merge(RulesMeter.Drop.FOREIGN_PROTOCOL, 1L, Long::sum);
                awaitDropped(type, expected);
            }
        }
        assertThat(namespaces.check(node, "ip", "neigh", "show", "dev", "culvert0"))
                .contains(TWO + " lladdr " + mac(TWO), TWO_6 + " lladdr " + mac(TWO))
                .doesNotContain(ONE + " lladdr " + mac(TWO));
        assertThat(namespaces.check(node, "bridge", "fdb", "show", "br", "culvert0"))
                .doesNotContain("02:00:00:00:00:01");
        assertPings(one, TWO);
        assertPings(one, TWO_6);
    }

    private static String one() {
        return HexFormat.of().formatHex(mac(ONE).bytes());
    }

    private static List<String> neighborLies() {
        String two = HexFormat.of().formatHex(mac(TWO).bytes());
        String target = hex(TWO_6);
        return List.of(
                hex(frame(one(), ARP, arp(one(), TWO))),
                hex(frame(one(), ARP, arp(two, ONE))),
                hex(frame(one(), IPV6, icmpv6(ONE_6, "88", "20000000" + target + "0201" + one()))),
                hex(frame(one(), IPV6, icmpv6("fe80::2", "86", "40000708" + "00".repeat(8)))),
                hex(frame(one(), IPV6, icmpv6("fe80::2", "89", "00000000" + target + target))));
    }

    private static List<String> sourceLies() {
        String datagram = "4500001c0000000040110000" + hex(TWO) + "0af40101" + "00".repeat(8);
        return List.of(
                hex(frame(LIAR, ARP, arp(LIAR, ONE))),
                hex(frame(LIAR, IPV6, icmpv6(ONE_6, "80", "00000000"))),
                hex(frame(one(), IPV6, icmpv6(TWO_6, "80", "00000000"))),
                hex(frame(one(), "0800", datagram)));
    }

    private void awaitDropped(String what, Map<RulesMeter.Drop, Long> expected) {
        await().pollInSameThread()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(guard.dropped()).as(what).isEqualTo(expected));
    }

    private static byte[] frame(String source, String type, String payload) {
        return HexFormat.of().parseHex(EVERYBODY + source + type + payload);
    }

    /** A reply to all. */
    private static String arp(String hardware, String address) {
        return "0001080006040002" + hardware + hex(address) + EVERYBODY + hex(address);
    }

    /** To all nodes; nobody looks at the checksum before the guard does. */
    private static String icmpv6(String source, String type, String rest) {
        String message = type + "000000" + rest;
        return "60000000%04x3aff%s%s%s"
                .formatted(message.length() / 2, hex(source), hex("ff02::1"), message);
    }

    private static String hex(String address) {
        return hex(IpAddresses.parse(address).getAddress());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void whatOthersChangeIsPutRightAndPodsThatAreGoneLeaveNothing() throws Exception {
        String port = Attachment.hostVeth("two", "eth0");
        String table = namespaces.check(node, "nft", "-s", "list", "table", "bridge", "culvert");
        assertThat(table).contains("goto " + port, "chain " + port);
        guard.queueResync();
        apply();
        assertThat(repairs).hasValue(0);
        namespaces.check(node, "nft", "flush", "chain", "bridge", "culvert", port);
        guard.queueResync();
        apply();
        assertThat(repairs).hasValue(1);
        assertThat(namespaces.check(node, "nft", "-s", "list", "table", "bridge", "culvert"))
                .isEqualTo(table);
        pods.removeLast();
        apply();
        assertThat(namespaces.check(node, "nft", "list", "table", "bridge", "culvert"))
                .doesNotContain(port);
        guard.queueResync();
        apply();
        assertThat(repairs).hasValue(1);
    }
}
