package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.cni.CniCaller;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Agents as they are deployed, with pods that the real executable attaches, in both families. */
class BothFamiliesIT {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int ALLOWED = 5001;
    private static final int FORBIDDEN = 5002;

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    private final List<AutoCloseable> opened = new ArrayList<>();
    @TempDir private Path directory;

    /** One node: its namespace, and the agent that runs there. */
    private final class Node {
        private final String name;
        private final NetworkNamespace namespace;
        private final Path run;
        private final CniCaller runtime;
        private AgentProcess agent;

        Node(String name, NetworkNamespace namespace, ApiServer api) throws Exception {
            this.name = name;
            this.namespace = namespace;
            this.run = directory.resolve(name);
            this.runtime = new CniCaller(run);
            this.agent = startAgent(api, "one", "pod-1");
        }

        private AgentProcess startAgent(ApiServer api, String revision, String pod)
                throws Exception {
            Path config = directory.resolve(name + ".yaml");
            Files.writeString(config, "runDir: %s\nloops: 1\n".formatted(run));
            AgentProcess started =
                    AgentProcess.start(
                            namespace,
                            directory,
                            "agent",
                            "--config=" + config,
                            "--kubeconfig=" + kubeconfig(api),
                            "--node-name=" + name,
                            "--revision=" + revision,
                            "--pod-uid=" + pod);
            opened.add(started);
            return started;
        }

        void restartAgent(ApiServer api) throws Exception {
            assertThat(agent.terminate()).as(agent.output()).isZero();
            agent = startAgent(api, "one", "pod-1");
        }

        void awaitRanges(List<String> ranges, int peers) {
            eventually(
                    this,
                    () -> {
                        StatusReport report = agent.report();
                        assertThat(report.ready()).as(report.toString()).isTrue();
                        assertThat(report.podCidrs()).isEqualTo(ranges);
                        assertThat(report.peers()).hasSize(peers);
                        assertThat(report.peers())
                                .allMatch(peer -> peer.prefixes().size() == ranges.size());
                    });
        }

        /** The node may be out of sync for a moment, and then the runtime asks again. */
        List<String> add(String container, NetworkNamespace pod) {
            List<String> addresses = new ArrayList<>();
            eventually(
                    this,
                    () -> {
                        CniCaller.Outcome outcome = runtime.add(container, pod);
                        assertThat(outcome.status()).as(outcome.stdout()).isZero();
                        addresses.addAll(outcome.addresses());
                    });
            return addresses;
        }

        String output() throws Exception {
            return agent.output();
        }
    }

    @BeforeEach
    void needTheExecutable() {
        CniCaller.assumeBuilt();
    }

    @AfterEach
    void closeAll() throws Exception {
        try {
            for (AutoCloseable each : opened.reversed()) {
                each.close();
            }
        } finally {
            namespaces.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.168.77.", "fd77::"})
    void podsOfEachFamilyReachEachOtherAcrossNodes(String underlay) throws Exception {
        NetworkNamespace first = namespaces.create();
        NetworkNamespace second = namespaces.create();
        namespaces.connect(first, "eth0", second, "eth0");
        giveAddress(first, underlay + "1");
        giveAddress(second, underlay + "2");
        ApiServer api = start(ApiServer.start(first, IpAddresses.parse(underlay + "1")));
        for (int number = 1; number <= 2; number++) {
            api.create(ApiServer.node("node" + number, underlay + number));
            setRanges(api, number, ranges(number, "10.244.%d.0/24"));
        }
        Node one = new Node("node1", first, api);
        Node two = new Node("node2", second, api);

        int mtu = underlay.contains(":") ? 1430 : 1450;
        for (List<String> patterns :
                List.of(
                        List.of("10.244.%d.0/24"),
                        List.of("fd00:%d::/64"),
                        List.of("fd01:%d::/64", "10.245.%d.0/24"))) {
            String[] families = patterns.toArray(String[]::new);
            setRanges(api, 1, ranges(1, families));
            setRanges(api, 2, ranges(2, families));
            one.awaitRanges(ranges(1, families), 1);
            two.awaitRanges(ranges(2, families), 1);
            assertThatPodsReachEachOther(one, two, families.length, mtu);
            assertThatTheProbeFindsThePeer(one);
            assertThatTheProbeFindsThePeer(two);
        }
        assertThatPodsOfAnEarlierRangeStayInReach(api, one, two);
        assertThat(namespaces.check(first, "sysctl", "-n", "net.ipv6.conf.eth0.accept_ra"))
                .as("a node that forwards still listens to routers")
                .isEqualTo("2\n");
    }

    private void assertThatTheProbeFindsThePeer(Node node) {
        eventually(
                node,
                () -> {
                    StatusReport.PeerStatus peer = node.agent.report().peers().getFirst();
                    assertThat(peer.state()).as(peer.toString()).isIn("up", "lossy");
                    assertThat(peer.rttMicros()).isPositive();
                });
    }

    private void assertThatPodsReachEachOther(Node one, Node two, int families, int mtu)
            throws Exception {
        NetworkNamespace near = namespaces.create();
        NetworkNamespace far = namespaces.create();
        List<String> nearAddresses = one.add("near", near);
        assertThat(
                        namespaces.check(
                                near, "ip", "-6", "addr", "show", "scope", "global", "tentative"))
                .isEmpty();
        List<String> farAddresses = two.add("far", far);
        assertThat(nearAddresses).hasSize(families);
        for (int i = 0; i < families; i++) {
            String address = farAddresses.get(i);
            eventually(one, () -> ping(near, address, 56));
            eventually(two, () -> ping(far, nearAddresses.get(0), 56));
            eventually(one, () -> ping(one.namespace, address, 56));
            int headers = address.contains(":") ? 48 : 28;
            eventually(one, () -> ping(near, address, mtu - headers));
        }
        if (families == 1 && farAddresses.getFirst().contains(".")) {
            assertThatCommandsSeeThePackets(one, near, nearAddresses.get(0), farAddresses.get(0));
        }
        namespaces.check(one.namespace, "ip", "link", "delete", "culvert0");
        for (String address : farAddresses) {
            eventually(one, () -> ping(near, address, 56));
        }
        eventually(one, () -> ping(one.namespace, nearAddresses.getFirst(), 56));
        assertThat(one.runtime.del("near").status()).isZero();
        assertThat(two.runtime.del("far").status()).isZero();
    }

    private void assertThatCommandsSeeThePackets(
            Node one, NetworkNamespace near, String from, String to) throws Exception {
        CommandRun trace = CommandRun.of(one.run.resolve("agent.sock"), "trace", from, to);
        assertThat(trace.status()).as(trace.toString()).isZero();
        assertThat(trace.out()).contains("arrives: leaves by eth0 for node node2");
        CommandRun lost =
                CommandRun.of(one.run.resolve("agent.sock"), "trace", from, "10.244.1.250");
        assertThat(lost.status()).as(lost.toString()).isEqualTo(1);
        assertThat(lost.out()).contains("dropped: no pod of this node has 10.244.1.250");
        CommandRun ping =
                CommandRun.of(
                        one.run.resolve("agent.sock"),
                        "ping",
                        "node2",
                        "--mtu",
                        "--count=3",
                        "--interval=1");
        assertThat(ping.status()).as(ping.toString()).isZero();
        assertThat(ping.out())
                .contains("node2 at 10.244.2.0 through the overlay")
                .contains("bytes, which is the pods' MTU");
        CommandRun level = CommandRun.of(one.run.resolve("agent.sock"), "log-level", "debug");
        assertThat(level.out()).as(level.toString()).containsPattern("(?m)^root +debug$");
        assertThat(captured(one, near, to, "--inner")).isEqualTo("icmp");
        assertThat(captured(one, near, to, "--outer")).isEqualTo("icmp,vxlan");
    }

    /** What tshark finds in each of a few packets, whether out or in. */
    private String captured(Node one, NetworkNamespace near, String to, String side)
            throws Exception {
        Path file = directory.resolve("capture" + side + ".pcapng");
        CompletableFuture<CommandRun> capture =
                CompletableFuture.supplyAsync(
                        () ->
                                CommandRun.of(
                                        one.run.resolve("agent.sock"),
                                        "capture",
                                        side,
                                        "--peer=node2",
                                        "--host=" + to,
                                        "--protocol=icmp",
                                        "--count=6",
                                        "--write=" + file));
        await().atMost(LONG)
                .until(
                        () -> {
                            ping(near, to, 56);
                            return capture.isDone();
                        });
        assertThat(capture.join().err()).isEqualTo("6 packets captured, 0 lost by the capture\n");
        String[] fields = {"-T", "fields", "-e", "icmp.type", "-e", "vxlan.vni"};
        List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString()));
        command.addAll(List.of(fields));
        List<String> lines =
                namespaces
                        .check(one.namespace, command.toArray(String[]::new))
                        .lines()
                        .filter(line -> line.matches("[08]\t1?"))
                        .toList();
        assertThat(lines).hasSize(6).anyMatch(line -> line.startsWith("0"));
        return lines.getFirst().endsWith("1") ? "icmp,vxlan" : "icmp";
    }

    private void assertThatPodsOfAnEarlierRangeStayInReach(ApiServer api, Node one, Node two)
            throws Exception {
        NetworkNamespace old = namespaces.create();
        NetworkNamespace far = namespaces.create();
        List<String> addresses = one.add("old", old);
        List<String> farAddresses = two.add("far", far);
        List<String> changed = ranges(1, "fd02:%d::/64", "10.246.%d.0/24");
        setRanges(api, 1, changed);
        List<String> known = new ArrayList<>(changed);
        known.addAll(ranges(1, "fd01:%d::/64", "10.245.%d.0/24"));
        eventually(
                two,
                () ->
                        assertThat(two.agent.report().peers().getFirst().prefixes())
                                .containsExactlyInAnyOrderElementsOf(known));
        for (int i = 0; i < addresses.size(); i++) {
            String address = addresses.get(i);
            String other = farAddresses.get(i);
            eventually(two, () -> ping(far, address, 56));
            eventually(one, () -> ping(old, other, 56));
        }
        assertThat(one.runtime.del("old").status()).isZero();
        eventually(
                two,
                () ->
                        assertThat(two.agent.report().peers().getFirst().prefixes())
                                .containsExactlyInAnyOrderElementsOf(changed));
    }

    @Test
    void podsKeepTheirAddressesWhenTheNodesRangeChanges() throws Exception {
        NetworkNamespace namespace = namespaces.create();
        namespaces.connect(namespace, "eth0", namespaces.create(), "eth0");
        giveAddress(namespace, "192.168.77.1");
        ApiServer api = start(ApiServer.start(namespace));
        api.create(ApiServer.node("node1", "192.168.77.1"));
        setRanges(api, 1, List.of("10.244.1.0/24"));
        Node node = new Node("node1", namespace, api);
        node.awaitRanges(List.of("10.244.1.0/24"), 0);
        NetworkNamespace old = namespaces.create();
        assertThat(node.add("old", old)).containsExactly("10.244.1.2");

        setRanges(api, 1, List.of("10.244.9.0/24"));
        node.awaitRanges(List.of("10.244.9.0/24"), 0);
        NetworkNamespace fresh = namespaces.create();
        assertThat(node.add("fresh", fresh)).containsExactly("10.244.9.2");
        eventually(node, () -> ping(old, "10.244.9.2", 56));
        eventually(node, () -> ping(namespace, "10.244.1.2", 56));
        assertThat(node.agent.report().warnings())
                .anyMatch(each -> each.contains("addresses of the earlier [10.244.1.0/24]"));
        node.restartAgent(api);
        node.awaitRanges(List.of("10.244.9.0/24"), 0);
        eventually(node, () -> ping(fresh, "10.244.1.2", 56));

        setRanges(api, 1, List.of("10.244.0.0/16"));
        eventually(
                node,
                () ->
                        assertThat(node.agent.get("/readyz").body())
                                .contains("podCIDR changed to 10.244.0.0/16, which overlaps"));
        assertThat(node.runtime.add("late", namespaces.create()).code()).isEqualTo(11);
        assertThat(node.runtime.status().code()).isEqualTo(50);
        eventually(node, () -> ping(old, "10.244.9.2", 56));

        assertThat(node.runtime.del("old").status()).isZero();
        assertThat(node.runtime.del("fresh").status()).isZero();
        node.awaitRanges(List.of("10.244.0.0/16"), 0);
        NetworkNamespace late = namespaces.create();
        assertThat(node.add("late", late)).as("in turn").containsExactly("10.244.9.3");
        eventually(node, () -> ping(late, "10.244.0.1", 56));
    }

    /** Policies that have nothing to do with the flows come and go, and so do pods and labels. */
    @Test
    void whatIsAllowedLosesNothingAndWhatIsForbiddenNeverPassesWhilePoliciesChange()
            throws Exception {
        NetworkNamespace first = namespaces.create();
        NetworkNamespace second = namespaces.create();
        namespaces.connect(first, "eth0", second, "eth0");
        giveAddress(first, "192.168.77.1");
        giveAddress(second, "192.168.77.2");
        ApiServer api = start(ApiServer.start(first, IpAddresses.parse("192.168.77.1")));
        for (int number = 1; number <= 2; number++) {
            api.create(ApiServer.node("node" + number, "192.168.77." + number));
            setRanges(api, number, ranges(number, "10.244.%d.0/24", "fd00:%d::/64"));
        }
        PolicyWorld world = new PolicyWorld(api);
        world.createNamespace();
        Node one = new Node("node1", first, api);
        Node two = new Node("node2", second, api);
        one.awaitRanges(ranges(1, "10.244.%d.0/24", "fd00:%d::/64"), 1);
        two.awaitRanges(ranges(2, "10.244.%d.0/24", "fd00:%d::/64"), 1);
        NetworkNamespace near = namespaces.create();
        NetworkNamespace far = namespaces.create();
        List<String> nearAddresses = one.add("near", near);
        List<String> farAddresses = two.add("far", far);
        world.createPod("near", "node1", nearAddresses);
        world.createPod("far", "node2", farAddresses);
        for (String each : farAddresses) {
            eventually(one, () -> ping(near, each, 56));
        }
        world.allow("near", "far", ALLOWED);
        world.allow("far", "near", ALLOWED);
        awaitPolicies(2, one, two);

        List<FlowProbe> allowed = new ArrayList<>();
        List<FlowProbe> forbidden = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            for (int port : List.of(ALLOWED, FORBIDDEN)) {
                List<FlowProbe> probes = port == ALLOWED ? allowed : forbidden;
                var there = new InetSocketAddress(farAddresses.get(i), port);
                var back = new InetSocketAddress(nearAddresses.get(i), port);
                probes.add(start(FlowProbe.start(near, far, there)));
                probes.add(start(FlowProbe.start(far, near, back)));
            }
        }
        changeMuch(world, one, two);
        world.createPod("fourth", "node1", List.of());
        assertUnharmed(one, allowed, forbidden);
        for (FlowProbe each : allowed) {
            each.close();
        }
        replaceAndTakeBack(api, one, near, far, farAddresses);
        for (FlowProbe each : forbidden) {
            assertThat(each.received()).as(each.toString()).isZero();
        }
        world.deletePolicy("far-from-near");
        world.deletePolicy("near-from-far");
        for (FlowProbe each : forbidden) {
            eventually(one, () -> assertThat(each.received()).as(each + "").isPositive());
        }
    }

    private static void assertUnharmed(
            Node node, List<FlowProbe> allowed, List<FlowProbe> forbidden) throws Exception {
        for (FlowProbe each : forbidden) {
            eventually(node, () -> assertThat(each.sent()).isGreaterThan(100));
            assertThat(each.received()).as(each.toString()).isZero();
        }
        for (FlowProbe each : allowed) {
            each.end();
            assertThat(each.sent()).isGreaterThan(100);
            eventually(
                    node, () -> assertThat(each.received()).as(each + "").isEqualTo(each.sent()));
        }
    }

    /** As an update does, at first to an agent that ends, and then to one that stays. */
    private void replaceAndTakeBack(
            ApiServer api,
            Node one,
            NetworkNamespace near,
            NetworkNamespace far,
            List<String> farAddresses)
            throws Exception {
        List<FlowProbe> flows = new ArrayList<>();
        for (String each : farAddresses) {
            var target = new InetSocketAddress(each, ALLOWED);
            flows.add(start(FlowProbe.start(near, far, target)));
        }
        AgentProcess old = one.agent;
        AgentProcess broken = one.startAgent(api, "two", "pod-2");
        awaitReplaced(one, old, broken, "two");
        assertThat(broken.get("/readyz?revision=one").body()).isEqualTo("[+] standby ok\nready\n");
        assertThat(broken.get("/readyz?revision=three").body()).contains("[-] handover: ");
        one.add("fourth", namespaces.create());
        awaitFlow(one, flows);

        broken.close();
        eventually(
                one,
                () -> assertThat(old.get("/readyz?revision=one").body()).contains("[+] rules ok"));
        awaitFlow(one, flows);
        AgentProcess again = one.startAgent(api, "two", "pod-2");
        eventually(one, () -> assertThat(again.output()).contains("may try again after 5 minutes"));
        assertThat(old.get("/readyz?revision=two").status()).isEqualTo(503);
        assertThat(old.get("/healthz?revision=two").status()).isEqualTo(200);
        assertThat(again.terminate()).as(again.output()).isZero();

        one.agent = one.startAgent(api, "three", "pod-3");
        awaitReplaced(one, old, one.agent, "three");
        assertThat(old.terminate()).as(old.output()).isZero();
        awaitFlow(one, flows);
        assertThat(one.runtime.del("fourth").status()).isZero();
        assertThat(one.agent.get("/readyz?revision=one").status()).isEqualTo(503);
        assertThat(one.agent.output() + old.output()).doesNotContain("could not stop");
        for (FlowProbe each : flows) {
            each.end();
            System.out.printf("a node was given to another agent three times: %s%n", each);
        }
    }

    private void awaitReplaced(Node node, AgentProcess old, AgentProcess next, String revision) {
        eventually(
                node,
                () -> {
                    assertThat(next.get("/readyz?revision=" + revision).body())
                            .contains("[+] rules ok")
                            .endsWith("\nready\n");
                    assertThat(next.openTunQueues()).isPositive();
                    assertThat(old.openTunQueues()).isZero();
                });
        assertThat(old.isAlive()).isTrue();
    }

    /** Whatever was lost before, packets arrive now. */
    private static void awaitFlow(Node node, List<FlowProbe> flows) {
        for (FlowProbe each : flows) {
            long before = each.received();
            eventually(node, () -> assertThat(each.received()).isGreaterThan(before + 50));
        }
    }

    private void changeMuch(PolicyWorld world, Node one, Node two) throws Exception {
        NetworkNamespace third = namespaces.create();
        for (int i = 0; i < 2; i++) {
            world.allow("near", "third", FORBIDDEN);
            world.allow("far", "third", ALLOWED);
            awaitPolicies(4, one, two);
            Node home = i % 2 == 0 ? one : two;
            world.createPod("third", home.name, List.of());
            List<String> addresses = home.add("third", third);
            world.deletePod("third");
            world.createPod("third", home.name, addresses);
            world.label("third", "app", "other");
            world.label("near", "round", "" + i);
            world.label("far", "round", "" + i);
            world.label("third", "app", "third");
            world.isolate("near");
            world.isolate("far");
            awaitPolicies(6, one, two);
            world.deletePolicy("near-from-third");
            world.deletePolicy("isolated-near");
            world.deletePod("third");
            assertThat(home.runtime.del("third").status()).isZero();
            world.deletePolicy("far-from-third");
            world.deletePolicy("isolated-far");
            awaitPolicies(2, one, two);
        }
    }

    private static void awaitPolicies(int count, Node... nodes) {
        for (Node node : nodes) {
            eventually(
                    node,
                    () ->
                            assertThat(node.agent.get("/metrics").body())
                                    .contains("culvert_policy_policies %d.0\n".formatted(count))
                                    .contains("culvert_policy_isolated_pods"));
        }
    }

    private void giveAddress(NetworkNamespace namespace, String address) throws Exception {
        KernelRtnetlink rtnetlink = namespaces.rtnetlink(namespace);
        InetAddress ip = IpAddresses.parse(address);
        int length = address.contains(":") ? 64 : 24;
        rtnetlink.ensureAddress(
                Address.of(rtnetlink.link("eth0").orElseThrow().index(), ip, length));
    }

    private static List<String> ranges(int node, String... patterns) {
        List<String> ranges = new ArrayList<>();
        for (String pattern : patterns) {
            ranges.add(Cidr.parse(pattern.formatted(node)).toString());
        }
        return ranges;
    }

    private static void setRanges(ApiServer api, int number, List<String> ranges) {
        api.edit(
                "node" + number,
                node ->
                        node.editSpec()
                                .withPodCIDR(ranges.getFirst())
                                .withPodCIDRs(ranges)
                                .endSpec());
    }

    private void ping(NetworkNamespace from, String address, int bytes) throws Exception {
        namespaces.check(
                from, "ping", "-n", "-c", "1", "-W", "5", "-M", "do", "-s", "" + bytes, address);
    }

    private Path kubeconfig(ApiServer api) throws Exception {
        return Files.writeString(
                directory.resolve("kubeconfig"),
                """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s"}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                users: [{name: u, user: {}}]
                current-context: c
                """
                        .formatted(api.url()));
    }

    private <T extends AutoCloseable> T start(T part) {
        opened.add(part);
        return part;
    }

    private static void eventually(Node node, ThrowingRunnable assertion) {
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(
                        () -> {
                            try {
                                assertion.run();
                            } catch (Throwable e) {
                                throw new AssertionError(e.getMessage() + "\n" + node.output(), e);
                            }
                        });
    }
}
