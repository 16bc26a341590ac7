package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Network policies from the API to the packets of pods, with the agent as it is deployed. */
class PolicyIT {
    private static final String CLIENT = "10.244.1.2";
    private static final String SERVER = "10.244.1.3";
    private static final String LATE = "10.244.1.4";

    /** A Service whose only pod is the server. */
    private static final String SERVICE = "10.96.0.10";

    private static final int PORT = 5000;

    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    @TempDir private Path directory;
    private TestAgentNode node;
    private PolicyWorld world;

    @BeforeEach
    void createNode() throws Exception {
        node = TestAgentNode.create(namespaces, directory, IpFamily.IPV4);
        world = new PolicyWorld(node.api());
    }

    @AfterEach
    void closeAll() {
        try {
            if (node != null) {
                node.close();
            }
        } finally {
            namespaces.close();
        }
    }

    /** One test, since an agent's start takes longer than all the rest of it. */
    @Test
    void policiesIsolatePodsCutTheirConnectionsAndAreInForceBeforeTheirFirstPacket()
            throws Exception {
        world.createNamespace();
        world.createPod("client", TestAgentNode.NAME, List.of());
        world.createPod("server", TestAgentNode.NAME, List.of());
        AgentProcess agent = node.startAgent("");
        NetworkNamespace client = node.addPod("client");
        NetworkNamespace server = node.addPod("server");
        node.ping(client, SERVER);
        translate();
        node.ping(client, SERVICE);
        try (PodTraffic traffic =
                PodTraffic.open(client, server, new InetSocketAddress(SERVER, 0).getAddress())) {
            traffic.exchange(1000);
            world.create(PolicyWorld.policy("deny", "server"));
            awaitCut(client, traffic);
        }
        node.eventually(() -> assertThat(pings(client, SERVER)).isFalse());
        assertThat(pings(client, SERVICE)).isFalse();
        assertThat(agent.get("/metrics").body())
                .contains("culvert_policy_policies 1.0", "culvert_policy_isolated_pods 1.0");

        probeAPodFromBeforeItsAttachment(client);
        node.ping(client, SERVER);
        node.ping(client, SERVICE);

        world.create(misunderstood());
        node.eventually(
                () ->
                        assertThat(node.api().events("odd"))
                                .anyMatch(
                                        each ->
                                                each.startsWith("NetworkPolicyNotUnderstood: ")
                                                        && each.contains("Resembles")));
        node.eventually(() -> assertThat(pings(client, SERVER)).isFalse());
        assertThat(agent.get("/metrics").body()).contains("culvert_policy_invalid 1.0");

        assertThatCommandsTellOfPolicies();
        killAndRestart(agent, client, server);
    }

    private void assertThatCommandsTellOfPolicies() {
        Path socket = directory.resolve("run").resolve("agent.sock");
        CommandRun policies = CommandRun.of(socket, "policy");
        assertThat(policies.status()).as(policies.toString()).isZero();
        assertThat(policies.out()).contains("default/odd", "default/server", "Resembles");
        CommandRun to =
                CommandRun.of(socket, "trace", CLIENT, SERVER, "--protocol=tcp", "--port=80");
        assertThat(to.status()).as(to.toString()).isEqualTo(1);
        assertThat(to.out()).contains("default/odd");
        CommandRun back = CommandRun.of(socket, "trace", SERVER, CLIENT);
        assertThat(back.status()).as(back.toString()).isZero();
    }

    /** What is forbidden never passes, and what was removed meanwhile is gone afterwards. */
    private void killAndRestart(
            AgentProcess agent, NetworkNamespace client, NetworkNamespace server) throws Exception {
        world.create(PolicyWorld.policy("deny", "client"));
        node.eventually(
                () ->
                        assertThat(namespaces.run(server, "ping", "-c1", "-W1", CLIENT).status())
                                .isNotZero());
        try (FlowProbe probe =
                FlowProbe.start(client, server, new InetSocketAddress(SERVER, PORT))) {
            agent.close();
            world.deletePolicy("deny");
            long before = probe.sent();
            AgentProcess next = node.startAgent("");
            node.ping(server, CLIENT);
            assertThat(next.get("/metrics").body()).contains("culvert_policy_policies 1.0");
            assertThat(next.terminate()).isZero();
            node.eventually(() -> assertThat(probe.sent()).isGreaterThan(before + 100));
            assertThat(probe.received()).isZero();
            uninstall();
            node.eventually(() -> assertThat(probe.received()).isPositive());
        }
    }

    private void uninstall() throws Exception {
        NetworkNamespace where = node.node();
        namespaces.check(where, "iptables-nft", "-A", "FORWARD", "-s", "192.0.2.77", "-j", "DROP");
        namespaces.check(where, "ipset", "create", "others", "hash:ip");
        namespaces.check(where, "nft", "add", "table", "bridge", "others");
        assertThat(namespaces.check(where, "nft", "list", "ruleset")).contains("CULVERT-POLICY");
        AgentProcess command =
                AgentProcess.start(
                        where,
                        directory,
                        "uninstall",
                        "--rules",
                        "--socket=" + directory.resolve("run").resolve("agent.sock"),
                        "--bin-dir=" + directory,
                        "--conf-dir=" + directory);
        assertThat(command.exitStatus()).as(command.output()).isZero();
        assertThat(namespaces.check(where, "nft", "list", "ruleset"))
                .contains("192.0.2.77", "table bridge others")
                .doesNotContainIgnoringCase("culvert");
        assertThat(namespaces.check(where, "ipset", "list", "-n")).isEqualTo("others\n");
    }

    /** What is sent is not acknowledged any more, and the connection is known no more. */
    private void awaitCut(NetworkNamespace client, PodTraffic traffic) throws Exception {
        node.eventually(
                () -> {
                    traffic.send(1);
                    assertThat(namespaces.check(client, "ss", "-tin")).containsPattern("retrans:");
                });
    }

    private void probeAPodFromBeforeItsAttachment(NetworkNamespace client) throws Exception {
        NetworkNamespace late = namespaces.create();
        world.createPod("late", TestAgentNode.NAME, List.of());
        world.label("late", "app", "server");
        try (FlowProbe probe =
                FlowProbe.startEarly(client, late, new InetSocketAddress(LATE, PORT))) {
            node.addPod("late", late);
            // The client knows where the pod is: what it sends now is forbidden, or arrives.
            node.eventually(
                    () ->
                            assertThat(namespaces.check(client, "ip", "neigh", "show", LATE))
                                    .contains("lladdr"));
            long before = probe.sent();
            node.eventually(() -> assertThat(probe.sent()).isGreaterThan(before + 100));
            assertThat(probe.received()).isZero();
            world.deletePolicy("deny");
            node.eventually(() -> assertThat(probe.received()).isPositive());
        }
    }

    /** What kube-proxy does. The policy names the pod and so must see it, not the Service. */
    private void translate() throws Exception {
        namespaces.check(
                node.node(),
                "iptables-nft",
                "-t",
                "nat",
                "-A",
                "PREROUTING",
                "-d",
                SERVICE,
                "-j",
                "DNAT",
                "--to-destination",
                SERVER);
    }

    private boolean pings(NetworkNamespace client, String address) throws Exception {
        return namespaces.run(client, "ping", "-c1", "-W1", address).status() == 0;
    }

    private static NetworkPolicyBuilder misunderstood() {
        return PolicyWorld.policy("odd", "server")
                .editSpec()
                .addNewIngress()
                .addNewFrom()
                .withNewPodSelector()
                .addNewMatchExpression()
                .withKey("app")
                .withOperator("Resembles")
                .withValues("client")
                .endMatchExpression()
                .endPodSelector()
                .endFrom()
                .endIngress()
                .endSpec();
    }
}
