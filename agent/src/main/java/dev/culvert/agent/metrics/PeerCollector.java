package dev.culvert.agent.metrics;

import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.overlay.TrafficStats.Traffic;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * The metrics about peers, made anew for each scrape: peers come and go, and a meter of its own for
 * each would have to follow. The number of series is bounded: with more peers than the limit, only
 * those that are not well are told of one by one. Any thread.
 */
public final class PeerCollector extends Collector {
    private static final double NANOS = 1e9;

    private final Supplier<List<PeerFigures>> peers;
    private final IntSupplier limit;

    /**
     * @param peers in an order that stays
     * @param limit how many peers may have series of their own
     */
    public PeerCollector(Supplier<List<PeerFigures>> peers, IntSupplier limit) {
        this.peers = peers;
        this.limit = limit;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        List<PeerFigures> all = peers.get();
        List<PeerFigures> told = told(all);
        List<MetricFamilySamples> families = new ArrayList<>();
        families.add(states(all));
        families.add(
                new GaugeMetricFamily(
                        "culvert_peer_rtt_max_seconds",
                        "The longest smoothed round-trip time of all peers that answer",
                        longestRtt(all)));
        families.add(
                new GaugeMetricFamily(
                        "culvert_peer_without_series",
                        "Peers that the metrics about single peers leave out",
                        all.size() - told.size()));
        families.add(up(told));
        families.add(rtt(told));
        families.add(loss(told));
        families.add(traffic("packets", "Inner packets exchanged", told, Traffic::packets));
        families.add(traffic("bytes", "Bytes of inner packets exchanged", told, Traffic::bytes));
        families.add(traffic("drops", "Packets that were not passed on", told, Traffic::drops));
        return families;
    }

    private List<PeerFigures> told(List<PeerFigures> all) {
        int most = limit.getAsInt();
        return all.size() <= most
                ? all
                : all.stream().filter(PeerCollector::isUnwell).limit(most).toList();
    }

    private static boolean isUnwell(PeerFigures peer) {
        return peer.health().state() == State.DOWN || peer.health().state() == State.LOSSY;
    }

    private static boolean answers(PeerFigures peer) {
        return peer.health().state() == State.UP || peer.health().state() == State.LOSSY;
    }

    private static MetricFamilySamples states(List<PeerFigures> all) {
        Map<State, Integer> counts = new EnumMap<>(State.class);
        all.forEach(peer -> counts.merge(peer.health().state(), 1, Integer::sum));
        GaugeMetricFamily family =
                new GaugeMetricFamily(
                        "culvert_peer_nodes",
                        "Other nodes by what the probe says of them",
                        List.of("state"));
        for (State state : State.values()) {
            family.addMetric(List.of(state.label()), counts.getOrDefault(state, 0));
        }
        return family;
    }

    private static double longestRtt(List<PeerFigures> all) {
        return all.stream()
                        .filter(PeerCollector::answers)
                        .map(peer -> peer.health().rttNanos())
                        .filter(Objects::nonNull)
                        .mapToLong(Long::longValue)
                        .max()
                        .orElse(0)
                / NANOS;
    }

    private static MetricFamilySamples up(List<PeerFigures> told) {
        GaugeMetricFamily family = gauge("culvert_peer_up", "1 while the peer answers the probe");
        told.stream()
                .filter(peer -> peer.health().state() != State.UNKNOWN)
                .forEach(peer -> family.addMetric(List.of(peer.node()), answers(peer) ? 1 : 0));
        return family;
    }

    private static MetricFamilySamples rtt(List<PeerFigures> told) {
        GaugeMetricFamily family =
                gauge("culvert_peer_rtt_seconds", "Smoothed round-trip time through the overlay");
        for (PeerFigures peer : told) {
            Long nanos = peer.health().rttNanos();
            if (nanos != null) {
                family.addMetric(List.of(peer.node()), nanos / NANOS);
            }
        }
        return family;
    }

    private static MetricFamilySamples loss(List<PeerFigures> told) {
        GaugeMetricFamily family =
                gauge("culvert_peer_loss_ratio", "How many of the last probes were not answered");
        for (PeerFigures peer : told) {
            Double ratio = peer.health().lossRatio();
            if (ratio != null) {
                family.addMetric(List.of(peer.node()), ratio);
            }
        }
        return family;
    }

    private static GaugeMetricFamily gauge(String name, String help) {
        return new GaugeMetricFamily(name, help, List.of("peer"));
    }

    private static MetricFamilySamples traffic(
            String what, String help, List<PeerFigures> told, ToLongFunction<Traffic> amount) {
        CounterMetricFamily family =
                new CounterMetricFamily("culvert_peer_" + what, help, List.of("peer", "direction"));
        for (PeerFigures peer : told) {
            family.addMetric(
                    List.of(peer.node(), "egress"), (double) amount.applyAsLong(peer.egress()));
            family.addMetric(
                    List.of(peer.node(), "ingress"), (double) amount.applyAsLong(peer.ingress()));
        }
        return family;
    }
}
