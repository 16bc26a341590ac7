package dev.culvert.agent.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterStateTest {
    private final ClusterState state = new ClusterState("n1", 1, List.of());

    @Test
    void saysThatTheNodeObjectIsMissing() {
        assertThat(state.view().problem()).contains("no Node object named n1");
        assertThat(state.isListed()).isFalse();
    }

    @Test
    void saysThatThereIsNoPodCidrYet() {
        node("n1", "2026-01-01", List.of());
        assertThat(state.view().problem()).contains("node n1 has no podCIDR yet");
        assertThat(state.view().podCidrs()).isEmpty();
    }

    @Test
    void saysThatThePodCidrIsMalformed() {
        node("n1", "2026-01-01", List.of("10.244.1.7/24"));
        assertThat(state.view().problem())
                .contains("node n1 has a malformed podCIDR")
                .contains("10.244.1.0/24");
    }

    @Test
    void saysThatThePodCidrIsOutsideTheClusterCidrs() {
        ClusterState strict = new ClusterState("n1", 1, List.of(Cidr.parse("10.244.0.0/16")));
        strict.apply(event("n1", "2026-01-01", List.of("10.9.1.0/24"), 1));
        assertThat(strict.view().problem()).contains("outside the configured clusterCidrs");
    }

    @Test
    void refusesTwoRangesOfOneFamilyAndTinyOnes() {
        node("n1", "2026-01-01", List.of("10.244.1.0/24", "10.244.2.0/24"));
        assertThat(state.view().problem()).contains("two podCIDRs of the same family");
        node("n1", "2026-01-01", List.of("10.244.1.0/31"));
        assertThat(state.view().problem()).contains("too small");
    }

    @Test
    void takesBothFamilies() {
        node("n1", "2026-01-01", List.of("10.244.1.0/24", "fd00:1::/64"));
        assertThat(state.view().problem()).isEmpty();
        assertThat(state.view().podCidrs())
                .containsExactly(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00:1::/64"));
    }

    @Test
    void otherNodesBecomeLeasesAndGoAgain() {
        node("n1", "2026-01-01", List.of("10.244.1.0/24"));
        node("n2", "2026-01-02", List.of("10.244.2.0/24"));
        assertThat(state.view().leases()).extracting(SubnetLease::node).containsExactly("n2");
        state.apply(new ClusterEvent.NodeRemoved("n2"));
        assertThat(state.view().leases()).isEmpty();
    }

    @Test
    void followsAVtepThatChanges() {
        node("n2", "2026-01-02", List.of("10.244.2.0/24"));
        NodeInfo moved =
                new NodeInfo(
                        "n2",
                        "u",
                        "2026-01-02",
                        List.of(),
                        List.of("10.244.2.0/24"),
                        new VtepAnnouncement(
                                IpAddresses.parse("192.0.2.99"),
                                MacAddress.ofName("n2"),
                                1,
                                5000,
                                false));
        state.apply(new ClusterEvent.NodeChanged(moved));
        assertThat(state.view().leases())
                .singleElement()
                .satisfies(
                        lease -> {
                            assertThat(lease.vtep().port()).isEqualTo(5000);
                            assertThat(lease.vtep().address().getHostAddress())
                                    .isEqualTo("192.0.2.99");
                        });
    }

    @Test
    void aNodeWithoutAgentIsNoPeerYet() {
        state.apply(
                new ClusterEvent.NodeChanged(
                        new NodeInfo(
                                "n2", "u", "2026", List.of(), List.of("10.244.2.0/24"), null)));
        assertThat(state.view().leases()).isEmpty();
        assertThat(state.view().warnings()).isEmpty();
    }

    @Test
    void theOlderNodeKeepsARangeThatTwoClaimInWhateverOrderTheyCome() {
        node("young", "2026-03-01", List.of("10.244.2.0/25"));
        node("old", "2026-02-01", List.of("10.244.2.0/24"));
        assertThat(state.view().leases()).extracting(SubnetLease::node).containsExactly("old");
        assertThat(state.view().warnings())
                .singleElement()
                .asString()
                .contains(
                        "10.244.2.0/25 of node young overlaps 10.244.2.0/24 of the older node old");
    }

    @Test
    void theOlderNodeKeepsAnAddressThatTwoAnnounce() {
        state.apply(at("young", "2026-03-01", "10.244.2.0/24", "192.0.2.5"));
        state.apply(at("old", "2026-02-01", "10.244.3.0/24", "192.0.2.5"));
        assertThat(state.view().leases()).extracting(SubnetLease::node).containsExactly("old");
        assertThat(state.view().conflicts())
                .containsExactly(
                        new Conflict(
                                Conflict.Kind.ADDRESS,
                                "old",
                                "young",
                                "node young announces the address 192.0.2.5 of the older node"
                                        + " old"));
        assertThat(state.view().warnings())
                .singleElement()
                .asString()
                .contains("its pods cannot be reached");

        state.apply(at("old", "2026-02-01", "10.244.3.0/24", "192.0.2.6"));
        assertThat(state.view().leases()).hasSize(2);
        assertThat(state.view().conflicts()).isEmpty();
    }

    @Test
    void aNodeThatComesAgainUnderItsNameIsTheYoungest() {
        node("n2", "2026-01-01", List.of("10.244.2.0/24"));
        node("n3", "2026-02-01", List.of("10.244.2.0/24"));
        assertThat(state.view().leases()).extracting(SubnetLease::node).containsExactly("n2");
        node("n2", "2026-03-01", List.of("10.244.2.0/24"));
        assertThat(state.view().leases()).extracting(SubnetLease::node).containsExactly("n3");
        assertThat(state.view().conflicts()).extracting(Conflict::loser).containsExactly("n2");
    }

    @Test
    void thisNodesOwnConflictIsForItToJudge() {
        state.apply(at("n1", "2026-03-01", "10.244.1.0/24", "192.0.2.5"));
        state.apply(at("old", "2026-02-01", "10.244.3.0/24", "192.0.2.5"));
        assertThat(state.view().problem()).isEmpty();
        assertThat(state.view().lost(Conflict.Kind.ADDRESS)).isPresent();
        assertThat(state.view().lost(Conflict.Kind.POD_CIDR)).isEmpty();
    }

    @Test
    void thisNodeGivesWayToAnOlderOne() {
        node("n1", "2026-03-01", List.of("10.244.2.0/24"));
        node("old", "2026-02-01", List.of("10.244.0.0/16"));
        assertThat(state.view().problem()).contains("overlaps 10.244.0.0/16 of the older node old");
        assertThat(state.view().podCidrs()).isEmpty();
    }

    @Test
    void leavesOutNodesOfAnotherVni() {
        state.apply(event("n2", "2026", List.of("10.244.2.0/24"), 5));
        assertThat(state.view().leases()).isEmpty();
        assertThat(state.view().warnings())
                .singleElement()
                .asString()
                .contains("node n2 uses VNI 5 and this node 1");
    }

    @Test
    void aNodeKeepsItsEarlierRangeAsLongAsNobodyElseHasIt() {
        node("n1", "2026-01-01", List.of("10.244.1.0/24"));
        state.apply(
                retaining(
                        "n2", "10.244.2.0/24", "10.244.7.0/24", "10.244.1.0/24", "10.244.0.0/16"));
        assertThat(prefixes()).containsExactly("n2 [10.244.2.0/24, 10.244.7.0/24]");
        state.apply(retaining("n3", "10.244.3.0/24", "10.244.7.0/25"));
        assertThat(prefixes())
                .as("the older node's")
                .containsExactly("n2 [10.244.2.0/24, 10.244.7.0/24]", "n3 [10.244.3.0/24]");
        node("n4", "2027-01-01", List.of("10.244.7.0/24"));
        assertThat(prefixes())
                .containsExactly("n2 [10.244.2.0/24]", "n3 [10.244.3.0/24]", "n4 [10.244.7.0/24]");
        assertThat(state.view().warnings()).isEmpty();
    }

    private List<String> prefixes() {
        return state.view().leases().stream()
                .map(lease -> lease.node() + " " + lease.podCidrs())
                .toList();
    }

    private static ClusterEvent retaining(String name, String podCidr, String... retained) {
        return new ClusterEvent.NodeChanged(
                new NodeInfo(
                        name,
                        "uid-" + name,
                        "2026-02-01",
                        List.of(),
                        List.of(podCidr),
                        new VtepAnnouncement(
                                IpAddresses.parse("fd00::" + name.substring(1)),
                                MacAddress.ofName(name),
                                1,
                                4789,
                                false,
                                Arrays.stream(retained).map(Cidr::parse).toList())));
    }

    @Test
    void keepsPodsOfThisNode() {
        PodInfo pod = new PodInfo("default", "web", "u", List.of());
        state.apply(new ClusterEvent.PodChanged(pod));
        assertThat(state.view().pods()).containsEntry("default/web", pod);
        state.apply(new ClusterEvent.PodRemoved("default/web"));
        assertThat(state.view().pods()).isEmpty();
    }

    private void node(String name, String created, List<String> podCidrs) {
        state.apply(event(name, created, podCidrs, 1));
    }

    private static ClusterEvent at(String name, String created, String podCidr, String address) {
        return new ClusterEvent.NodeChanged(
                new NodeInfo(
                        name,
                        "uid-" + name,
                        created,
                        List.of(),
                        List.of(podCidr),
                        new VtepAnnouncement(
                                IpAddresses.parse(address),
                                MacAddress.ofName(name),
                                1,
                                4789,
                                false)));
    }

    private static ClusterEvent event(String name, String created, List<String> podCidrs, int vni) {
        return new ClusterEvent.NodeChanged(
                new NodeInfo(
                        name,
                        "uid-" + name,
                        created,
                        List.of(),
                        podCidrs,
                        new VtepAnnouncement(
                                IpAddresses.parse("fd00::%x".formatted(name.hashCode() & 0xffff)),
                                MacAddress.ofName(name),
                                vni,
                                4789,
                                false)));
    }
}
