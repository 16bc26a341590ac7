package dev.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.conntrack.Connection;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.conntrack.FlowTuple;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HostPortsTest {
    private static final String OWN = "10.244.1.0/24";

    private final Connections connections = new Connections();
    private Set<InetAddress> services = Set.of();
    private final HostPorts part = new HostPorts(connections, () -> services);
    private final RenderedRules rules =
            new RenderedRules(List.of(new ClusterSets(), new Masquerade(), part), IpFamily.IPV4);

    /** Connections in memory. */
    private static final class Connections implements Conntrack {
        private final List<Connection> all = new ArrayList<>();

        void add(int protocol, String to, int port, String really, int realPort) {
            all.add(
                    new Connection(
                            all.size(),
                            new FlowTuple(
                                    IpAddresses.parse("203.0.113.9"),
                                    IpAddresses.parse(to),
                                    protocol,
                                    999,
                                    port),
                            new FlowTuple(
                                    IpAddresses.parse(really),
                                    IpAddresses.parse("203.0.113.9"),
                                    protocol,
                                    realPort,
                                    999)));
        }

        List<String> destinations() {
            return all.stream()
                    .map(each -> each.destination().getHostAddress() + " " + each.destinationPort())
                    .toList();
        }

        @Override
        public List<Connection> connections(IpFamily family) {
            return List.copyOf(all);
        }

        @Override
        public List<Connection> connections(IpFamily family, int protocol) {
            return all.stream().filter(each -> each.original().protocol() == protocol).toList();
        }

        @Override
        public boolean delete(Connection connection) {
            return all.remove(connection);
        }

        @Override
        public void close() {}
    }

    private static RulesNode node(LocalPod... pods) {
        return RenderedRules.node(AgentConfig.defaults(), OWN, pods);
    }

    private static PortMapping port(Protocol protocol, int host, int pod, @Nullable String on) {
        return new PortMapping(protocol, host, pod, on == null ? null : IpAddresses.parse(on));
    }

    private void apply(LocalPod... pods) throws IOException {
        rules.lines(node(pods));
        part.applied(node(pods));
    }

    @Test
    void theAddressesOfServicesThatTheNodeHasAreLeftAlone() throws IOException {
        LocalPod pod = Pods.pod("one", "10.244.1.2", port(Protocol.TCP, 8080, 80, null));
        String translation = "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.1.2:80";
        services = Set.of(IpAddresses.parse("10.96.0.1"), IpAddresses.parse("fd00:96::1"));
        assertThat(rules.rules(node(pod), "CULVERT-HOSTPORT"))
                .containsExactly(
                        "-m set --match-set CULVERT-SERVICES-4 dst -j RETURN", translation);
        services = Set.of();
        assertThat(rules.lines(node(pod)))
                .contains("-D CULVERT-HOSTPORT 1", "destroy CULVERT-SERVICES-4");
    }

    @Test
    void portsOfAllProtocolsLeadToThePod() throws IOException {
        LocalPod pod =
                Pods.pod(
                        "one",
                        "10.244.1.2,fd00:1::2",
                        port(Protocol.TCP, 8080, 80, null),
                        port(Protocol.UDP, 53, 1053, "192.0.2.1"),
                        port(Protocol.SCTP, 7, 7, "0.0.0.0"),
                        port(Protocol.TCP, 9, 9, "::"));
        RenderedRules both =
                new RenderedRules(
                        List.of(new ClusterSets(), new Masquerade(), part),
                        IpFamily.IPV4,
                        IpFamily.IPV6);
        RulesNode node =
                RenderedRules.node(AgentConfig.defaults(), "10.244.1.0/24,fd00:1::/64", pod);
        assertThat(both.rules(node, "CULVERT-HOSTPORT"))
                .containsExactlyInAnyOrder(
                        "-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.1.2:80",
                        "-p udp -m udp --dport 53 -d 192.0.2.1/32 -j DNAT --to-destination"
                                + " 10.244.1.2:1053",
                        "-p sctp -m sctp --dport 7 -j DNAT --to-destination 10.244.1.2:7",
                        "-p tcp -m tcp --dport 8080 -j DNAT --to-destination"
                                + " [fd00:1:0:0:0:0:0:2]:80",
                        "-p tcp -m tcp --dport 9 -j DNAT --to-destination [fd00:1:0:0:0:0:0:2]:9");
    }

    @Test
    void onlyTheNodesOwnAddressesLeadThere() throws IOException {
        LocalPod pod = Pods.pod("one", "10.244.1.2", port(Protocol.TCP, 8080, 80, null));
        assertThat(rules.lines(node(pod)))
                .contains(
                        "-I PREROUTING 1 -m addrtype --dst-type LOCAL -j CULVERT-HOSTPORT",
                        "-I OUTPUT 1 -m addrtype --dst-type LOCAL -j CULVERT-HOSTPORT")
                .anyMatch(line -> line.startsWith("-I POST") && line.endsWith("HOSTPORT-MASQ"));
    }

    @Test
    void whatWouldNotFindItsWayBackTakesTheBridgesAddress() throws IOException {
        LocalPod pod =
                Pods.pod(
                        "one",
                        "10.244.1.2",
                        port(Protocol.TCP, 8080, 80, null),
                        port(Protocol.TCP, 8081, 81, null));
        assertThat(rules.rules(node(pod), "CULVERT-HOSTPORT-MASQ"))
                .containsExactly(
                        "-s 10.244.1.2/32 -d 10.244.1.2/32 -o culvert0 -j MASQUERADE",
                        "-s 127.0.0.0/8 -o culvert0 -j MASQUERADE");
    }

    @Test
    void withoutPortsThereAreNoRules() throws IOException {
        assertThat(rules.lines(node(Pods.pod("one", "10.244.1.2"))))
                .noneMatch(line -> line.contains("HOSTPORT"));
        rules.lines(node(Pods.pod("one", "10.244.1.2", port(Protocol.TCP, 8080, 80, null))));
        assertThat(rules.lines(node())).contains("-X CULVERT-HOSTPORT", "-X CULVERT-HOSTPORT-MASQ");
        assertThat(rules.lines(node())).isEmpty();
    }

    @Test
    void connectionsToAPodThatIsGoneAreForgotten() throws IOException {
        apply(Pods.pod("one", "10.244.1.2", port(Protocol.TCP, 8080, 80, null)));
        connections.add(FlowTuple.TCP, "192.0.2.1", 8080, "10.244.1.2", 80);
        connections.add(FlowTuple.TCP, "192.0.2.1", 8080, "10.244.1.2", 81);
        connections.add(FlowTuple.UDP, "192.0.2.1", 8080, "10.244.1.2", 80);
        apply();
        assertThat(connections.destinations()).containsExactly("10.244.1.2 81", "10.244.1.2 80");
    }

    @Test
    void connectionsThatBeganBeforeThePortLedAnywhereAreForgotten() throws IOException {
        connections.add(FlowTuple.UDP, "192.0.2.1", 53, "192.0.2.1", 53);
        connections.add(FlowTuple.UDP, "198.51.100.7", 53, "198.51.100.7", 53);
        connections.add(FlowTuple.UDP, "192.0.2.1", 53, "10.244.1.9", 53);
        connections.add(FlowTuple.UDP, "192.0.2.1", 53, "10.244.1.2", 53);
        LocalPod pod = Pods.pod("one", "10.244.1.2", port(Protocol.UDP, 53, 53, null));
        apply(pod);
        assertThat(connections.destinations()).containsExactly("198.51.100.7 53", "10.244.1.2 53");
        connections.add(FlowTuple.UDP, "192.0.2.1", 53, "192.0.2.1", 53);
        apply(pod);
        assertThat(connections.destinations()).hasSize(3);
    }
}
