package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PodAttachment;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyParser;
import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.rules.RulesNode;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.FakeKernel;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.linux.conntrack.Connection;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.conntrack.FlowTuple;
import dev.culvert.linux.route.FakeRtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class PolicyPartTest {
    private static final String WEB = "10.244.1.2";
    private static final String CLIENT = "10.244.2.9";
    private static final Duration NOW = Duration.ZERO;

    private final FakeKernel kernel = new FakeKernel();
    private final PacketFilter filter = new PacketFilter(kernel, Set.of(IpFamily.IPV4));
    private final Connections connections = new Connections();
    private final AtomicLong nanos = new AtomicLong();
    private final List<Duration> pauses = new ArrayList<>();
    private final List<NetworkPolicyInfo> misunderstood = new ArrayList<>();
    private final PolicyPart part =
            new PolicyPart(
                    new ConnectionCutter(connections, new FakeRtnetlink(), pauses::add, nanos::get),
                    misunderstood::add);
    private String uid = "";
    private final List<AddressLease> leases =
            new ArrayList<>(
                    List.of(
                            new AddressLease(
                                    new Endpoint("c1", "eth0"),
                                    List.of(IpAddresses.parse(WEB)),
                                    "shop/web")));

    /** What is tracked, in memory. */
    private static final class Connections implements Conntrack {
        private final List<Connection> all = new ArrayList<>();
        private int dumps;

        @Override
        public List<Connection> connections(IpFamily family) {
            dumps++;
            return List.copyOf(all);
        }

        @Override
        public List<Connection> connections(IpFamily family, int protocol) {
            return connections(family).stream()
                    .filter(each -> each.original().protocol() == protocol)
                    .toList();
        }

        @Override
        public boolean delete(Connection connection) {
            return all.remove(connection);
        }

        @Override
        public void close() {}

        Connection add(String from, String to, int port) {
            FlowTuple original =
                    new FlowTuple(
                            IpAddresses.parse(from),
                            IpAddresses.parse("10.96.0.1"),
                            FlowTuple.TCP,
                            40_000,
                            443);
            FlowTuple reply =
                    new FlowTuple(
                            IpAddresses.parse(to),
                            IpAddresses.parse(from),
                            FlowTuple.TCP,
                            port,
                            40_000);
            Connection connection = new Connection(all.size() + 1, original, reply);
            all.add(connection);
            return connection;
        }
    }

    private RulesNode node() {
        return new RulesNode(
                AgentConfig.defaults(),
                List.of(Cidr.parse("10.244.1.0/24")),
                ClusterAddresses.NONE,
                leases.stream().map(this::attached).toList());
    }

    private LocalPod attached(AddressLease lease) {
        MacAddress mac = MacAddress.ofPod(lease.addresses().getFirst());
        return new LocalPod(
                lease, new PodAttachment(lease.endpoint(), lease.pod(), uid, mac, List.of()));
    }

    private void round() throws IOException {
        RulesNode node = node();
        do {
            part.render(node, filter);
            filter.apply();
        } while (part.hasMore());
        part.applied(node);
    }

    private static NetworkPolicyInfo policy(String name, String spec) {
        return PolicyParser.parse(
                new JsonMapper()
                        .readTree(
                                "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"%s\"},\"spec\":%s}"
                                        .formatted(name, spec)));
    }

    private void isolateWeb() {
        part.accept(
                new PolicyEvent.PolicyChanged(
                        policy("deny", "{\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}}}")));
    }

    private void listPeers() {
        part.accept(new PolicyEvent.NamespaceChanged(new PolicyNamespace("shop", Map.of())));
        part.accept(new PolicyEvent.NamespacesListed());
        part.accept(new PolicyEvent.PeersListed());
    }

    private static PolicyPod pod(String name, String app) {
        return pod(name, app, "");
    }

    private static PolicyPod pod(String name, String app, String uid) {
        return new PolicyPod(
                "shop",
                name,
                PolicyPod.digest(uid),
                Map.of("app", app),
                List.of(),
                List.of(),
                false,
                false);
    }

    private boolean isIsolated() {
        return part.progress().reached().isolatedPods() == 1;
    }

    @Test
    void saysNothingBeforeAllIsKnownThatMatters() throws IOException {
        assertThat(part.isKnown()).isFalse();
        isolateWeb();
        part.accept(new PolicyEvent.PoliciesListed());
        round();
        assertThat(part.isKnown()).isFalse();
        assertThat(kernel.runs).noneMatch(run -> run.contains("CULVERT-POLICY"));
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        listPeers();
        round();
        assertThat(part.isKnown()).isTrue();
        assertThat(kernel.runs).anyMatch(run -> run.contains("CULVERT-POLICY"));
        assertThat(isIsolated()).isTrue();
    }

    @Test
    void needsNeitherPodsNorNamespacesWithoutAPolicy() throws Exception {
        assertThat(part.progress().await("shop/web", NOW)).contains("policies are not known yet");
        part.accept(new PolicyEvent.PoliciesListed());
        round();
        assertThat(part.progress().reached().complete()).isTrue();
        assertThat(part.progress().await("shop/web", NOW)).isEmpty();
        assertThat(connections.dumps).isZero();
    }

    @Test
    void letsAPodWaitUntilItsLabelsAreKnownButNotThoseOfOtherNamespaces() throws Exception {
        isolateWeb();
        part.accept(new PolicyEvent.PoliciesListed());
        round();
        assertThat(part.progress().await("other/web", NOW)).isEmpty();
        assertThat(part.progress().await("", NOW)).isEmpty();
        assertThat(part.progress().await("shop/web", NOW)).contains("speak of are not known yet");
        listPeers();
        round();
        assertThat(part.progress().await("shop/web", NOW)).contains("the labels of pod shop/web");
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        assertThat(part.progress().await("shop/web", NOW)).isNotEmpty();
        round();
        assertThat(part.progress().await("shop/web", NOW)).isEmpty();
    }

    @Test
    void aPodMadeAnewUnderItsNameIsIsolatedUntilItsOwnObjectIsThere() throws Exception {
        uid = "first";
        isolateWeb();
        part.accept(new PolicyEvent.PoliciesListed());
        part.accept(new PolicyEvent.PeerChanged(pod("web", "open", "first")));
        listPeers();
        round();
        assertThat(isIsolated()).isFalse();
        assertThat(part.progress().await("shop/web", NOW)).isEmpty();

        uid = "second";
        round();
        assertThat(isIsolated()).isTrue();
        assertThat(part.progress().await("shop/web", NOW)).contains("the labels of pod shop/web");
        part.accept(new PolicyEvent.PeerRemoved("shop/web"));
        round();
        assertThat(part.progress().await("shop/web", NOW)).isNotEmpty();

        part.accept(new PolicyEvent.PeerChanged(pod("web", "open", "second")));
        round();
        assertThat(isIsolated()).isFalse();
        assertThat(part.progress().await("shop/web", NOW)).isEmpty();
    }

    @Test
    void theObjectOfAnEarlierPodSaysNothingAboutTheAddressOfALaterOne() throws IOException {
        uid = "second";
        part.accept(
                new PolicyEvent.PolicyChanged(
                        policy(
                                "web-only",
                                "{\"podSelector\":{},\"ingress\":[{\"from\":[{\"podSelector\":"
                                        + "{\"matchLabels\":{\"app\":\"web\"}}}]}]}")));
        part.accept(new PolicyEvent.PoliciesListed());
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web", "first")));
        listPeers();
        round();
        assertThat(sets()).noneMatch(line -> line.matches("add CULVERT-P4-\\S+ " + WEB));
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web", "second")));
        round();
        assertThat(sets()).anyMatch(line -> line.matches("add CULVERT-P4-\\S+ " + WEB));
    }

    private List<String> sets() throws IOException {
        return kernel.run(List.of("ipset", "save"), "").output().lines().toList();
    }

    @Test
    void keepsAPodIsolatedWhoseObjectIsGoneAsLongAsItIsAttached() throws IOException {
        known();
        part.accept(new PolicyEvent.PeerRemoved("shop/web"));
        round();
        assertThat(isIsolated()).isTrue();
        leases.clear();
        round();
        assertThat(isIsolated()).isFalse();
    }

    private void known() throws IOException {
        isolateWeb();
        part.accept(new PolicyEvent.PoliciesListed());
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        listPeers();
        round();
    }

    @Test
    void forgetsPodsAndNamespacesWithTheLastPolicy() throws IOException {
        known();
        part.accept(new PolicyEvent.PolicyRemoved("shop/deny"));
        part.accept(new PolicyEvent.PeersForgotten());
        round();
        assertThat(part.isKnown()).isTrue();
        assertThat(isIsolated()).isFalse();
        isolateWeb();
        round();
        assertThat(part.isKnown()).isFalse();
        assertThat(part.progress().reached().complete()).isFalse();
    }

    @Test
    void cutsWhatIsForbiddenNowAndNoMoreOftenThanOnceASecond() throws IOException {
        Connection toAnother = connections.add(CLIENT, "10.244.2.10", 80);
        Connection fromWeb = connections.add(WEB, CLIENT, 80);
        connections.add(CLIENT, WEB, 80);
        known();
        assertThat(connections.all).containsExactly(toAnother, fromWeb);
        assertThat(part.cutConnections()).isEqualTo(1);
        lookAgain();
        assertThat(connections.dumps).isEqualTo(2);

        Connection soon = connections.add(CLIENT, WEB, 81);
        round();
        assertThat(connections.dumps).isEqualTo(2);
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        round();
        assertThat(pauses).isEmpty();
        isolateWeb();
        round();
        assertThat(pauses).hasSize(1);
        assertThat(connections.all).contains(soon);
        nanos.addAndGet(pauses.getFirst().toNanos());
        round();
        assertThat(connections.all).doesNotContain(soon);
        assertThat(connections.dumps).isEqualTo(3);
    }

    private static Connection answerTo(Connection cut) {
        FlowTuple back = cut.reply();
        FlowTuple there = cut.original();
        return new Connection(7, back, there);
    }

    /** Lets the time pass after which the cutter looks for answers to what it cut. */
    private void lookAgain() throws IOException {
        assertThat(pauses).hasSize(1);
        nanos.addAndGet(pauses.getFirst().toNanos());
        pauses.clear();
        round();
    }

    @Test
    void endsOnceMoreWhatAnAnswerUnderWayBeganTheOtherWayRound() throws IOException {
        Connection cut = connections.add(CLIENT, WEB, 80);
        known();
        assertThat(connections.all).isEmpty();
        Connection answer = answerTo(cut);
        Connection other = connections.add(WEB, CLIENT, 80);
        connections.all.add(answer);
        round();
        assertThat(connections.all).containsExactly(other, answer);
        lookAgain();
        assertThat(connections.all).containsExactly(other);
        assertThat(pauses).isEmpty();
        connections.all.add(answer);
        round();
        assertThat(connections.all).contains(answer);
        assertThat(connections.dumps).isEqualTo(2);
    }

    @Test
    void leavesAnAnswerAloneOnceItsConnectionIsAllowedAgain() throws IOException {
        Connection cut = connections.add(CLIENT, WEB, 80);
        known();
        Connection answer = answerTo(cut);
        connections.all.add(answer);
        part.accept(new PolicyEvent.PolicyRemoved("shop/deny"));
        part.accept(
                new PolicyEvent.PolicyChanged(
                        policy("allow", "{\"podSelector\":{},\"ingress\":[{}]}")));
        round();
        lookAgain();
        assertThat(connections.all).containsExactly(answer);
    }

    @Test
    void podsThatAreOnlyPeersComeIntoForceBeforeRulesChange() throws IOException {
        part.accept(
                new PolicyEvent.PolicyChanged(
                        policy(
                                "clients",
                                "{\"podSelector\":{\"matchLabels\":{\"app\":\"web\"}},\"ingress\":"
                                        + "[{\"from\":[{\"podSelector\":{}}]}]}")));
        part.accept(new PolicyEvent.PoliciesListed());
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        listPeers();
        round();
        assertThat(part.hasMore()).isFalse();
        kernel.runs.clear();

        part.accept(new PolicyEvent.PeerChanged(pod("web", "other")));
        part.accept(new PolicyEvent.PeerChanged(peer("client", CLIENT)));
        part.accept(new PolicyEvent.PeerChanged(pod("web", "third")));
        RulesNode node = node();
        part.render(node, filter);
        assertThat(part.hasMore()).isTrue();
        filter.apply();
        assertThat(isolatedNow()).isTrue();
        assertThat(kernel.runs)
                .anyMatch(each -> each.contains("add ") && each.contains(CLIENT))
                .noneMatch(each -> each.contains("*filter"));
        part.render(node, filter);
        assertThat(part.hasMore()).isFalse();
        filter.apply();
        part.applied(node);
        assertThat(isIsolated()).isFalse();
    }

    private static PolicyPod peer(String name, String address) {
        return new PolicyPod(
                "shop",
                name,
                0,
                Map.of(),
                List.of(IpAddresses.parse(address)),
                List.of(),
                false,
                false);
    }

    private boolean isolatedNow() throws IOException {
        return kernel.run(List.of("iptables-nft-save"), "").output().contains("CULVERT-TO");
    }

    @Test
    void tellsOfAPolicyThatCannotBeUnderstoodOnceAndOnlyWhereItHasPods() throws IOException {
        part.accept(
                new PolicyEvent.PolicyChanged(policy("odd", "{\"podSelector\":\"everything\"}")));
        part.accept(new PolicyEvent.PoliciesListed());
        List<AddressLease> attached = List.copyOf(leases);
        leases.clear();
        round();
        assertThat(misunderstood).isEmpty();
        leases.addAll(attached);
        round();
        round();
        assertThat(misunderstood).extracting(NetworkPolicyInfo::name).containsExactly("odd");
        part.accept(new PolicyEvent.PeerChanged(pod("web", "web")));
        listPeers();
        round();
        assertThat(isIsolated()).isTrue();
    }
}
