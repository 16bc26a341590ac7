package dev.culvert.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.probe.PeerHealth;
import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.overlay.TrafficStats.Traffic;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PeerCollectorTest {
    private static final int LIMIT = 100;
    private static final int SERIES_OF_A_PEER = 9;

    /** Of all peers together: four states and two numbers. */
    private static final int COMMON_SERIES = 6;

    private List<PeerFigures> peers = List.of();
    private int limit = LIMIT;
    private final CollectorRegistry registry = new CollectorRegistry();

    PeerCollectorTest() {
        new PeerCollector(() -> peers, () -> limit).register(registry);
    }

    private static PeerFigures peer(int number, State state) {
        return new PeerFigures(
                "node-%05d.a-rather-long-name.example.com".formatted(number),
                new PeerHealth(state, 250_000L + number, 0.05, 1L),
                new Traffic(1, 100, 0),
                new Traffic(2, 200, 3));
    }

    private static List<PeerFigures> peers(int count, IntFunction<State> state) {
        return IntStream.range(0, count)
                .mapToObj(number -> peer(number, state.apply(number)))
                .toList();
    }

    private String scrape() throws IOException {
        StringWriter text = new StringWriter();
        TextFormat.write004(text, registry.metricFamilySamples());
        return text.toString();
    }

    private long series() throws IOException {
        return scrape().lines().filter(line -> !line.startsWith("#")).count();
    }

    @Test
    void tellsEverythingOfAFewPeers() throws IOException {
        peers = List.of(peer(1, State.UP), peer(2, State.DOWN));
        assertThat(scrape())
                .contains("culvert_peer_nodes{state=\"up\",} 1.0\n")
                .contains("culvert_peer_nodes{state=\"down\",} 1.0\n")
                .contains("culvert_peer_nodes{state=\"lossy\",} 0.0\n")
                .contains("culvert_peer_without_series 0.0\n")
                .contains("culvert_peer_rtt_max_seconds 2.50001E-4\n")
                .contains("up{peer=\"node-00001.a-rather-long-name.example.com\",} 1.0\n")
                .contains("up{peer=\"node-00002.a-rather-long-name.example.com\",} 0.0\n")
                .containsPattern("culvert_peer_bytes_total\\{peer=.*,direction=\"ingress\",} 200.0")
                .containsPattern("culvert_peer_drops_total\\{peer=.*,direction=\"ingress\",} 3.0");
        assertThat(series()).isEqualTo(COMMON_SERIES + 2 * SERIES_OF_A_PEER);
    }

    @Test
    void saysNothingOfWhatIsNotKnown() throws IOException {
        peers =
                List.of(
                        new PeerFigures(
                                "n1",
                                PeerHealth.UNKNOWN,
                                new Traffic(0, 0, 0),
                                new Traffic(0, 0, 0)));
        assertThat(scrape()).doesNotContain("peer_up{").doesNotContain("loss_ratio{");
        assertThat(series()).isEqualTo(COMMON_SERIES + SERIES_OF_A_PEER - 3);
    }

    @Test
    void theSeriesOfAPeerEndWithIt() throws IOException {
        peers = peers(2, _ -> State.UP);
        assertThat(scrape()).contains("node-00001");
        peers = peers(1, _ -> State.UP);
        assertThat(scrape()).doesNotContain("node-00001");
    }

    @Test
    void fiveThousandPeersThatAreWellHaveNoSeriesOfTheirOwn() throws IOException {
        peers = peers(5000, _ -> State.UP);
        assertThat(series()).isEqualTo(COMMON_SERIES);
        assertThat(scrape())
                .contains("culvert_peer_without_series 5000.0\n")
                .contains("culvert_peer_nodes{state=\"up\",} 5000.0\n")
                .contains("culvert_peer_rtt_max_seconds 2.54999E-4\n");
    }

    @Test
    void ofFiveThousandPeersThoseAreToldThatAreNotWell() throws IOException {
        peers = peers(5000, number -> number % 1000 == 0 ? State.LOSSY : State.UP);
        assertThat(series()).isEqualTo(COMMON_SERIES + 5 * SERIES_OF_A_PEER);
        assertThat(scrape()).contains("node-04000").doesNotContain("node-04001");
    }

    @Test
    void fiveThousandPeersThatAreAllAwayStayWithinTheLimit() throws IOException {
        peers = peers(5000, _ -> State.DOWN);
        assertThat(series()).isEqualTo(COMMON_SERIES + LIMIT * SERIES_OF_A_PEER);
        assertThat(scrape()).hasSizeLessThan(128 << 10).contains("without_series 4900.0");
    }

    @Test
    void aLimitOfZeroLeavesTheSumsAlone() throws IOException {
        limit = 0;
        peers = peers(3, _ -> State.DOWN);
        assertThat(series()).isEqualTo(COMMON_SERIES);
    }
}
