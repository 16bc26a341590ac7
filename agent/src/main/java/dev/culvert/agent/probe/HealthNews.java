package dev.culvert.agent.probe;

import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.agent.probe.ProbeSchedule.Transition;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.RecentChanges;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Tells people which peers answer and which do not: a line for each, or one for all when many
 * change at once, and then none for a while. One thread.
 */
final class HealthNews {
    private static final Logger LOG = LogManager.getLogger(HealthNews.class);
    private static final int MOST_LINES = 5;
    private static final int MOST_NAMES = 3;
    private static final Duration GATHER = Duration.ofSeconds(1);
    private static final Duration QUIET = Duration.ofSeconds(10);

    private final RecentChanges changes;
    private final List<Transition> waiting = new ArrayList<>();
    private long nextTelling;
    private boolean hasTold;

    /**
     * @param changes is told what the log is told
     */
    HealthNews(RecentChanges changes) {
        this.changes = changes;
    }

    void add(List<Transition> transitions) {
        transitions.stream()
                .filter(each -> each.before() != State.UNKNOWN || each.now() == State.DOWN)
                .forEach(waiting::add);
    }

    void tell(long now) {
        if (waiting.isEmpty() || (hasTold && nextTelling - now > 0)) {
            return;
        }
        boolean many = waiting.size() > MOST_LINES;
        if (many) {
            summary(State.DOWN, "do not answer").ifPresent(this::warn);
            summary(State.UP, "answer").ifPresent(this::inform);
            summary(State.LOSSY, "lose packets").ifPresent(this::inform);
        } else {
            waiting.forEach(this::line);
        }
        waiting.clear();
        hasTold = true;
        nextTelling = now + (many ? QUIET : GATHER).toNanos();
    }

    private void line(Transition each) {
        switch (each.now()) {
            case DOWN -> warn("peer %s does not answer".formatted(each.node()));
            case UP ->
                    inform(
                            each.before() == State.LOSSY
                                    ? "peer %s loses no packets any more".formatted(each.node())
                                    : "peer %s answers again".formatted(each.node()));
            case LOSSY -> inform("packets to or from peer %s get lost".formatted(each.node()));
            case UNKNOWN -> {}
        }
    }

    private Optional<String> summary(State state, String what) {
        List<String> nodes =
                waiting.stream()
                        .filter(each -> each.now() == state)
                        .map(Transition::node)
                        .distinct()
                        .toList();
        return nodes.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "%d peers %s, among them %s"
                                .formatted(
                                        nodes.size(),
                                        what,
                                        nodes.stream()
                                                .limit(MOST_NAMES)
                                                .collect(Collectors.joining(", "))));
    }

    private void warn(String sentence) {
        LOG.warn("{}", sentence);
        changes.add(Change.Kind.HEALTH, sentence);
    }

    private void inform(String sentence) {
        LOG.info("{}", sentence);
        changes.add(Change.Kind.HEALTH, sentence);
    }
}
