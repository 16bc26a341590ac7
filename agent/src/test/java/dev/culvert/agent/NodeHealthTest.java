package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.RecentChanges;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NodeHealthTest {
    private final RecentChanges changes = new RecentChanges();
    private final AtomicInteger tests = new AtomicInteger();

    private NodeHealth health() {
        return new NodeHealth(_ -> tests.incrementAndGet(), Map::of, changes);
    }

    private List<String> told() {
        return changes.list().stream().map(Change::text).toList();
    }

    @Test
    void tellsWhenAConditionBeginsOrCeasesToHoldOnceTheNodeWasReady() {
        try (NodeHealth health = health()) {
            health.tell(Map.of("node", "no podCIDR", "bridge", "waits for node"));
            health.tell(Map.of("node", "", "bridge", "waits for node"));
            assertThat(told()).isEmpty();
            health.tell(Map.of("node", "", "bridge", ""));
            health.tell(Map.of("node", "gone", "bridge", ""));
            health.tell(Map.of("node", "gone for good", "bridge", ""));
            health.tell(Map.of("node", "", "bridge", ""));
        }
        assertThat(told()).containsExactly("the node is ready", "node: gone", "node is well again");
    }

    @Test
    void hasTheTestsMadeAgainAndAgainAlsoWhenOneThrows() {
        AtomicInteger calls = new AtomicInteger();
        try (NodeHealth health =
                new NodeHealth(
                        _ -> {
                            if (calls.incrementAndGet() == 1) {
                                throw new IllegalStateException("a test of the test");
                            }
                        },
                        () -> Map.of("node", "not yet"),
                        changes)) {
            health.start();
            await().atMost(Duration.ofSeconds(30)).until(() -> calls.get() > 2);
        }
    }

    @Test
    void livenessWaitsForAwhileBeforeItCallsAThreadStuck() {
        assertThat(Liveness.eventLoops(Duration.ofSeconds(9))).isEmpty();
        assertThat(Liveness.eventLoops(Duration.ofSeconds(11)))
                .isEqualTo("one has not got to its tasks for 11 seconds");
        assertThat(Liveness.sync(false, Duration.ofSeconds(119))).isEmpty();
        assertThat(Liveness.sync(false, Duration.ofSeconds(121)))
                .isEqualTo("it has been in one round for 121 seconds");
        assertThat(Liveness.sync(true, Duration.ZERO)).isEqualTo("its thread has ended");
    }
}
