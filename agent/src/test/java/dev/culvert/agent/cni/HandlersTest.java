package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.FileLeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.InMemoryRtnetlink;
import dev.culvert.agent.sandbox.InMemorySandboxes;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.Link;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HandlersTest {
    private static final String CONFIGURATION =
            "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}";
    private static final MacAddress BRIDGE = MacAddress.parse("0a:58:0a:f4:01:01");

    @TempDir Path directory;

    private final InMemoryRtnetlink node = InMemoryRtnetlink.node();
    private final InMemorySandboxes sandboxes = new InMemorySandboxes(node);
    private @Nullable NodeNetwork network =
            new NodeNetwork(
                    "culvert0",
                    List.of(Cidr.parse("10.244.1.0/29"), Cidr.parse("fd00::/64")),
                    1450,
                    62_202);
    private final List<String> passed = new ArrayList<>();
    private @Nullable IOException closed;
    private final AttachmentGate gate =
            new AttachmentGate() {
                @Override
                public void await(AddressLease lease) throws IOException {
                    passed.add("await %s, %d links".formatted(lease, node.links().size()));
                    if (closed != null) {
                        throw closed;
                    }
                }

                @Override
                public void ended(AddressLease lease) {
                    passed.add("ended " + lease.endpoint() + " held " + leases.held());
                }
            };
    private NetworkNamespace namespace;
    private LeaseTable leases;
    private AddHandler add;
    private DelHandler del;

    @BeforeEach
    void compose() throws Exception {
        namespace = NetworkNamespace.current();
        node.createBridge(new BridgeSpec("culvert0", BRIDGE, 1450));
        leases = new LeaseTable(new FileLeaseStore(directory.resolve("leases"), "boot"));
        SandboxWiring wiring = new SandboxWiring(node, sandboxes);
        NodeReadiness readiness = new NodeReadiness(() -> network, () -> "no podCIDR");
        DeleteQueue deletes = new DeleteQueue(directory.resolve("deletes"));
        AttachmentTable attachments = new AttachmentTable(directory.resolve("attachments"), "boot");
        add = new AddHandler(leases, wiring, readiness, deletes, attachments, gate);
        del = new DelHandler(leases, wiring, attachments, gate);
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    private static CniRequest request(String verb, String container, String stdin) {
        Map<String, String> environment = new TreeMap<>();
        environment.put("CNI_COMMAND", verb);
        environment.put("CNI_CONTAINERID", container);
        environment.put("CNI_IFNAME", "eth0");
        environment.put("CNI_NETNS", "/run/netns/x");
        return new CniRequest(new CniFraming.Message(environment, stdin));
    }

    private String add(String container) throws CniError {
        return add.handle(request("ADD", container, CONFIGURATION), namespace);
    }

    private CniError refusal(String container) {
        CniError error = catchThrowableOfType(CniError.class, () -> add(container));
        assertThat(error).isNotNull();
        return error;
    }

    private void assertNothingIsLeft() throws Exception {
        assertThat(node.links()).extracting(Link::name).containsExactly("lo", "culvert0");
        assertThat(node.pod().links()).extracting(Link::name).containsExactly("lo");
        assertThat(node.pod().addresses()).isEmpty();
        assertThat(node.pod().routes()).isEmpty();
        assertThat(leases.leases()).isEmpty();
        if (Files.exists(directory.resolve("leases"))) {
            assertThat(directory.resolve("leases")).isEmptyDirectory();
        }
    }

    @Test
    void attachesWhereTheKernelLimitsNoSuperPackets() throws Exception {
        node.pod().refuseGsoMaxSize();
        assertThat(add("one")).contains("10.244.1.2/29");
        assertThat(node.pod().link("eth0").orElseThrow().up()).isTrue();
        assertThat(node.pod().gsoMaxSize()).isZero();
    }

    @Test
    void aPodGetsItsInterfaceOnceThePacketFilterKnowsItsAddresses() throws Exception {
        add("one");
        assertThat(passed)
                .containsExactly("await one/eth0 [10.244.1.2, fd00:0:0:0:0:0:0:2], 2 links");
        del.handle(request("DEL", "one", ""), null);
        assertThat(passed).hasSize(2).last().isEqualTo("ended one/eth0 held []");
    }

    @Test
    void aPortOfTheNodeLeadsToOnePodOnly() throws Exception {
        String ports =
                CONFIGURATION.replace(
                        "}",
                        ",\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80}]}}");
        add.handle(request("ADD", "one", ports), namespace);
        node.pod().deleteLink(node.pod().link("eth0").orElseThrow().index());
        CniError refusal =
                catchThrowableOfType(
                        CniError.class, () -> add.handle(request("ADD", "two", ports), namespace));
        assertThat(refusal.code()).isEqualTo(106);
        assertThat(refusal).hasMessage("tcp port 8080 of this node leads to container one already");
        del.handle(request("DEL", "one", ""), null);
        assertNothingIsLeft();
        add.handle(request("ADD", "two", ports), namespace);
    }

    @Test
    void anAddWhoseRulesAreNotInForceLeavesNothing() throws Exception {
        closed = new IOException("rules are not in force");
        CniError refusal = refusal("one");
        assertThat(refusal.code()).isEqualTo(CniError.TRY_AGAIN);
        assertThat(refusal).hasMessage("rules are not in force");
        assertThat(passed).hasSize(2).last().isEqualTo("ended one/eth0 held []");
        assertNothingIsLeft();
    }

    @Test
    void attachesAndDetaches() throws Exception {
        assertThat(add("one")).contains("10.244.1.2/29").contains("fd00:0:0:0:0:0:0:2/64");
        Link host = node.links().getLast();
        Link pod = node.pod().link("eth0").orElseThrow();
        assertThat(host.alias()).isEqualTo("culvert:v1 one eth0 10.244.1.2,fd00:0:0:0:0:0:0:2");
        assertThat(host.up()).isTrue();
        assertThat(host.masterIndex()).isEqualTo(node.link("culvert0").orElseThrow().index());
        assertThat(pod.mac()).hasToString("0a:58:0a:f4:01:02");
        assertThat(pod.mtu()).isEqualTo(1450);
        assertThat(node.pod().gsoMaxSize()).isEqualTo(62_202);
        assertThat(node.pod().link("lo").orElseThrow().up()).isTrue();
        assertThat(node.pod().routes()).hasSize(2).allMatch(route -> route.mtu() == 1450);
        assertThat(node.pod().neighbors()).hasSize(2).allMatch(each -> each.mac().equals(BRIDGE));
        assertThat(sandboxes.sysctls()).contains("net/ipv6/conf/eth0/accept_ra=0");
        del.handle(request("DEL", "one", ""), null);
        assertNothingIsLeft();
    }

    @Test
    void leavesNothingWhicheverStepFails() throws Exception {
        int step = 0;
        boolean failed = true;
        while (failed) {
            node.failAfter(step);
            if (step > 50) {
                throw new AssertionError("ADD makes more steps than expected");
            }
            CniError error = catchThrowableOfType(CniError.class, () -> add("one"));
            failed = node.failed() && error != null;
            if (failed) {
                assertThat(error.code()).isEqualTo(103);
                assertThat(error.details()).contains("ENOBUFS");
                assertNothingIsLeft();
                step++;
            }
        }
        assertThat(step)
                .isEqualTo(
                        12); // veth, lo, 2 x pod end, 2 x (address, neighbour, route), 2 x host end
    }

    @Test
    void refusesTheSecondAddAndKeepsTheFirst() throws Exception {
        add("one");
        List<Link> before = node.links();
        assertThat(refusal("one").code()).isEqualTo(101);
        assertThat(node.links()).isEqualTo(before);
        assertThat(leases.leases()).hasSize(1);
    }

    @Test
    void refusesAnInterfaceThatExistsInTheSandbox() throws Exception {
        node.pod().createBridge(new BridgeSpec("eth0", BRIDGE, 1500));
        CniError error = refusal("one");
        assertThat(error.code()).isEqualTo(101);
        assertThat(error).hasMessageContaining("has an interface eth0 already");
        assertThat(leases.leases()).isEmpty();
    }

    @Test
    void refusesTheNodesOwnNamespace() throws Exception {
        sandboxes.pretendToBeNode();
        assertThat(refusal("one").code()).isEqualTo(4);
        assertNothingIsLeft();
    }

    @Test
    void asksToTryAgainWhileTheNodeIsNotReady() throws Exception {
        network = null;
        CniError error = refusal("one");
        assertThat(error.code()).isEqualTo(11);
        assertThat(error).hasMessage("this node is not ready for pods: no podCIDR");
        assertNothingIsLeft();
    }

    @Test
    void saysThatTheRangeIsExhausted() throws Exception {
        network = new NodeNetwork("culvert0", List.of(Cidr.parse("10.244.1.0/31")), 1450, 62_202);
        CniError error = refusal("one");
        assertThat(error.code()).isEqualTo(102);
        assertThat(error).hasMessageContaining("10.244.1.0/31");
        assertNothingIsLeft();
    }

    @Test
    void needsANamespace() {
        CniError error =
                catchThrowableOfType(
                        CniError.class,
                        () -> add.handle(request("ADD", "one", CONFIGURATION), null));
        assertThat(error.code()).isEqualTo(4);
        assertThat(error).hasMessageContaining("/run/netns/x");
    }

    @Test
    void deletesWhatIsNotThereAndNeedsNoConfiguration() throws Exception {
        assertThat(del.handle(request("DEL", "one", "not json"), null)).isEmpty();
        assertThat(del.handle(request("DEL", "one", ""), namespace)).isEmpty();
        assertNothingIsLeft();
    }
}
