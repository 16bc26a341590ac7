package dev.culvert.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.agent.probe.ProbeSchedule.Transition;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.RecentChanges;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HealthNewsTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final RecentChanges changes = new RecentChanges();
    private final HealthNews news = new HealthNews(changes);

    private List<String> told() {
        return changes.list().stream().map(Change::text).toList();
    }

    private static List<Transition> down(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(number -> new Transition("n" + number, State.UP, State.DOWN))
                .toList();
    }

    @Test
    void tellsOfEachOfAFew() {
        news.add(down(1, 2));
        news.add(List.of(new Transition("n2", State.DOWN, State.UP)));
        news.add(List.of(new Transition("n3", State.UP, State.LOSSY)));
        news.add(List.of(new Transition("n3", State.LOSSY, State.UP)));
        news.tell(0);
        assertThat(told())
                .containsExactly(
                        "peer n1 does not answer",
                        "peer n2 answers again",
                        "packets to or from peer n3 get lost",
                        "peer n3 loses no packets any more");
    }

    @Test
    void aPeerThatAnswersFromTheBeginningIsNoNews() {
        news.add(List.of(new Transition("n1", State.UNKNOWN, State.UP)));
        news.add(List.of(new Transition("n2", State.UNKNOWN, State.DOWN)));
        news.tell(0);
        assertThat(told()).containsExactly("peer n2 does not answer");
    }

    @Test
    void tellsOfManyTogetherAndThenKeepsQuietForAWhile() {
        news.add(down(0, 500));
        news.tell(0);
        assertThat(told()).containsExactly("500 peers do not answer, among them n0, n1, n2");
        news.add(down(500, 501));
        news.tell(9 * SECOND);
        assertThat(told()).hasSize(1);
        news.tell(10 * SECOND);
        assertThat(told()).hasSize(2).last().isEqualTo("peer n500 does not answer");
    }
}
