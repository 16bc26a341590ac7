package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.FileLeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.InMemoryRtnetlink;
import dev.culvert.agent.sandbox.InMemorySandboxes;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.linux.Descriptor;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.VethSpec;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LeaseReconcilerTest {
    private static final Endpoint A = new Endpoint("a", "eth0");
    private static final List<Cidr> RANGES = List.of(Cidr.parse("10.244.1.0/24"));

    @TempDir Path directory;

    private final InMemoryRtnetlink node = InMemoryRtnetlink.node();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private @Nullable Set<InetAddress> pods = Set.of();
    private NetworkNamespace namespace;
    private LeaseTable leases;
    private LeaseReconciler reconciler;

    @BeforeEach
    void compose() throws Exception {
        namespace = NetworkNamespace.current();
        leases = new LeaseTable(new FileLeaseStore(directory.resolve("leases"), "boot"));
        leases.ranges(RANGES);
        reconciler =
                new LeaseReconciler(
                        leases,
                        new SandboxWiring(node, new InMemorySandboxes(node)),
                        () -> pods,
                        metrics);
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    private AddressLease confirmed() throws Exception {
        AddressLease lease = leases.lease(A, "ns/pod");
        leases.confirm(A);
        return lease;
    }

    private Link veth(String alias) throws Exception {
        Descriptor descriptor = namespace.descriptor();
        String name = Attachment.hostVeth(A.containerId(), A.ifName());
        MacAddress mac = new MacAddress(2);
        return node.createVeth(new VethSpec(name, mac, alias, "eth0", mac, descriptor, 1450));
    }

    private void rounds(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            reconciler.round();
        }
    }

    private double repairs(String action) {
        Counter counter = metrics.find("culvert.ipam.repairs").tag("action", action).counter();
        return counter == null ? 0 : counter.count();
    }

    @Test
    void freesALeaseThatTwoRoundsMissEverywhere() throws Exception {
        AddressLease lease = confirmed();
        rounds(1);
        assertThat(leases.leases()).containsExactly(lease);
        rounds(1);
        assertThat(leases.leases()).isEmpty();
        assertThat(repairs("freed")).isEqualTo(1);
    }

    @Test
    void neverFreesALeaseWhoseVethExists() throws Exception {
        AddressLease lease = confirmed();
        veth(lease.alias());
        rounds(5);
        assertThat(leases.leases()).containsExactly(lease);
    }

    @Test
    void beginsToCountAgainWhenTheVethWasThereInBetween() throws Exception {
        AddressLease lease = confirmed();
        rounds(1);
        Link veth = veth(lease.alias());
        rounds(1);
        node.deleteLink(veth.index());
        rounds(1);
        assertThat(leases.leases()).containsExactly(lease);
        rounds(1);
        assertThat(leases.leases()).isEmpty();
    }

    @Test
    void keepsWhatKubernetesKnowsOrHasNotToldYet() throws Exception {
        AddressLease lease = confirmed();
        pods = null;
        rounds(5);
        assertThat(leases.leases()).containsExactly(lease);
        pods = Set.of(IpAddresses.parse("10.244.1.2"));
        rounds(5);
        assertThat(leases.leases()).containsExactly(lease);
        pods = Set.of(IpAddresses.parse("10.244.1.3"));
        rounds(2);
        assertThat(leases.leases()).isEmpty();
    }

    @Test
    void leavesAnAddInProgressAlone() throws Exception {
        AddressLease lease = leases.lease(A, "");
        rounds(5);
        veth("");
        rounds(5);
        assertThat(leases.leases()).containsExactly(lease);
        assertThat(node.links()).hasSize(2);
    }

    @Test
    void freesWhatAnAddCouldNotUndo() throws Exception {
        leases.lease(A, "");
        leases.abandon(A);
        rounds(2);
        assertThat(leases.leases()).isEmpty();
        assertThat(leases.unfinished()).isEmpty();
    }

    @Test
    void adoptsAVethWithoutLease() throws Exception {
        AddressLease lease = new AddressLease(A, List.of(RANGES.getFirst().address(2)), "ns/pod");
        veth(lease.alias());
        rounds(2);
        assertThat(leases.leases()).containsExactly(lease);
        assertThat(leases.lease(new Endpoint("b", "eth0"), "").addresses())
                .containsExactly(RANGES.getFirst().address(3));
        assertThat(repairs("adopted")).isEqualTo(1);
    }

    @Test
    void removesAHalfMadeVethInTheSecondRound() throws Exception {
        veth("");
        rounds(1);
        assertThat(node.links()).hasSize(2);
        rounds(1);
        assertThat(node.links()).hasSize(1);
        assertThat(repairs("removed")).isEqualTo(1);
    }

    @Test
    void leavesOtherPeoplesVethsAlone() throws Exception {
        MacAddress mac = new MacAddress(2);
        node.createVeth(new VethSpec("veth0", mac, "", "eth0", mac, namespace.descriptor(), 1500));
        rounds(3);
        reconciler.restore();
        assertThat(node.link("veth0")).isPresent();
        assertThat(leases.leases()).isEmpty();
    }

    @Test
    void restoresTheAliasThatSomebodyChanged() throws Exception {
        AddressLease lease = confirmed();
        Link veth = veth(lease.alias());
        for (String alias : List.of("", "mine")) {
            node.changeLink(veth.index(), LinkChange.NONE.withAlias(alias));
            rounds(1);
            assertThat(node.link(veth.name()).orElseThrow().alias()).isEqualTo(lease.alias());
        }
        assertThat(repairs("renamed")).isEqualTo(2);
    }

    @Test
    void undoesAnAddThatWasCutOffWithItsVeth() throws Exception {
        AddressLease cut = leases.lease(A, "");
        veth(cut.alias());
        reconciler.restore();
        assertThat(node.links()).hasSize(1);
        assertThat(leases.leases()).isEmpty();
        assertThat(leases.unfinished()).isEmpty();
        assertThat(repairs("undone")).isEqualTo(1);
    }
}
