package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.probe.PeerHealth;
import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.status.PolicyReport;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.BatchSizes;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.TrafficStats.PeerTraffic;
import dev.culvert.overlay.TrafficStats.Traffic;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.fdb.Vtep;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class StatusSourceTest {
    private static final int MANY = 5000;
    private static final BatchSizes NO_BATCHES = new BatchSizes(List.of(), 0);

    private static SubnetLease lease(int number) {
        String name = "node-%05d".formatted(number);
        return new SubnetLease(
                name,
                List.of(Cidr.parse("10.%d.%d.0/24".formatted(number >> 8, number & 255))),
                new Vtep(
                        name,
                        IpAddresses.parse("172.16.%d.%d".formatted(number >> 8, number & 255)),
                        4789,
                        MacAddress.ofName(name)));
    }

    private static StatusReport report(int peers) {
        List<SubnetLease> leases =
                IntStream.range(0, peers).mapToObj(StatusSourceTest::lease).toList();
        ClusterView view =
                new ClusterView(
                        null,
                        List.of(),
                        "",
                        leases,
                        ClusterAddresses.NONE,
                        List.of(),
                        List.of(),
                        Map.of(),
                        true);
        TrafficStats stats =
                new TrafficStats(
                        new Traffic(5, 500, 1),
                        new Traffic(7, 700, 2),
                        0,
                        0,
                        0,
                        Map.of(DropReason.NO_VTEP, 1L, DropReason.WRONG_MAC, 2L),
                        NO_BATCHES,
                        NO_BATCHES,
                        leases.stream()
                                .map(
                                        lease ->
                                                new PeerTraffic(
                                                        lease.vtep(),
                                                        new Traffic(1, 2, 3),
                                                        new Traffic(4, 5, 6)))
                                .toList());
        Map<String, PeerHealth> health =
                leases.stream()
                        .skip(1)
                        .collect(
                                Collectors.toMap(
                                        SubnetLease::node,
                                        _ -> new PeerHealth(State.UP, 250_999L, 0.25, 99L)));
        AddressLease pod =
                new AddressLease(
                        new Endpoint("c1", "eth0"),
                        List.of(IpAddresses.parse("10.1.1.2")),
                        "default/web");
        return new StatusSource(
                        "n1",
                        Map.of("node", ""),
                        Map.of("sync", ""),
                        List.of(),
                        null,
                        null,
                        view,
                        stats,
                        null,
                        health,
                        List.of(pod),
                        new PolicyReport(true, true, "none", 0, List.of()),
                        new StatusReport.SyncStatus(false, 5L, Map.of(), Map.of("route", 1L)),
                        List.of(
                                new Change(
                                        Instant.ofEpochMilli(7),
                                        Change.Kind.PEER,
                                        "peer x is gone")))
                .report();
    }

    @Test
    void saysHowEachPeerFares() {
        StatusReport report = report(2);
        assertThat(report.peers().getFirst().state()).isEqualTo("unknown");
        assertThat(report.peers().getFirst().rttMicros()).isNull();
        StatusReport.PeerStatus known = report.peers().get(1);
        assertThat(known.state()).isEqualTo("up");
        assertThat(known.rttMicros()).isEqualTo(250);
        assertThat(known.lossRatio()).isEqualTo(0.25);
        assertThat(known.lastSeenMillis()).isEqualTo(99);
        assertThat(known.egress()).isEqualTo(new StatusReport.TrafficStatus(1, 2, 3));
        assertThat(known.ingress()).isEqualTo(new StatusReport.TrafficStatus(4, 5, 6));
        assertThat(report.peerStates())
                .isEqualTo(Map.of("up", 1, "lossy", 0, "down", 0, "unknown", 1));
    }

    @Test
    void saysWhatBecameOfTheRest() {
        StatusReport report = report(0);
        assertThat(report.ready()).isTrue();
        assertThat(report.dropped("wrong_mac")).isEqualTo(2);
        assertThat(report.drops())
                .hasSize(DropReason.values().length)
                .contains(
                        new StatusReport.DropStatus(
                                "egress", "no_vtep", DropReason.NO_VTEP.meaning(), 1));
        assertThat(report.leases().getFirst().hostInterface()).matches("cv[0-9a-f]{11}");
        assertThat(report.changes())
                .containsExactly(new StatusReport.ChangeStatus(7, "peer", "peer x is gone"));
        assertThat(report.timeMillis()).isGreaterThanOrEqualTo(report.startedMillis());
        assertThat(report.process().heapUsedBytes()).isPositive();
        assertThat(report.process().residentBytes()).isPositive();
        assertThat(report.process().threads()).isPositive();
    }

    @Test
    void comesBackFromJsonAsItWas() {
        JsonMapper json = new JsonMapper();
        StatusReport report = report(3);
        assertThat(json.readValue(json.writeValueAsString(report), StatusReport.class))
                .isEqualTo(report);
    }

    @Test
    void fiveThousandPeersAreAFewHundredBytesEach() {
        String json = new JsonMapper().writeValueAsString(report(MANY));
        assertThat(json).hasSizeBetween(100 * MANY, 400 * MANY);
    }
}
