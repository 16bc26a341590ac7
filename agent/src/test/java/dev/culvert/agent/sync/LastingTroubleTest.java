package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Conflict;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.Notice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LastingTroubleTest {
    private static final Notice PORT = new Notice(Notice.Reason.DATA_PATH_NOT_OPEN, "port taken");
    private static final Notice CIDR = new Notice(Notice.Reason.POD_CIDR_NOT_USABLE, "no podCIDR");

    private final List<Notice> told = new ArrayList<>();
    private final AtomicLong now = new AtomicLong();
    private final LastingTrouble trouble = new LastingTrouble(told::add, now::get);

    @Test
    void whatPassesSoonIsNoNews() {
        trouble.failed(CIDR);
        pass(Duration.ofSeconds(9));
        trouble.failed(CIDR);
        trouble.succeeded();
        assertThat(told).isEmpty();
    }

    @Test
    void whatLastsIsToldOnceAndSoIsItsEnd() {
        trouble.failed(CIDR);
        pass(Duration.ofSeconds(10));
        trouble.failed(CIDR);
        trouble.failed(CIDR);
        trouble.failed(PORT);
        assertThat(told).containsExactly(CIDR, PORT);
        trouble.succeeded();
        trouble.succeeded();
        assertThat(told).hasSize(3);
        assertThat(told.getLast().reason()).isEqualTo(Notice.Reason.READY);
    }

    @Test
    void theNodeThatKeepsSomethingSaysWhoElseClaimsIt() {
        Conflict mine = new Conflict(Conflict.Kind.POD_CIDR, "n1", "n2", "n2 overlaps n1");
        Conflict others = new Conflict(Conflict.Kind.ADDRESS, "n3", "n4", "n4 is n3");
        trouble.look(view(mine, others));
        trouble.look(view(mine, others));
        assertThat(told)
                .containsExactly(
                        new Notice(
                                Notice.Reason.POD_CIDR_CONFLICT, "n2 overlaps n1, which keeps it"));
        trouble.look(view());
        trouble.look(view(mine));
        assertThat(told).hasSize(2);
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private static ClusterView view(Conflict... conflicts) {
        NodeInfo self = new NodeInfo("n1", "u", "2026", List.of(), List.of(), null);
        return new ClusterView(
                self,
                List.of(),
                "",
                List.of(),
                ClusterAddresses.NONE,
                List.of(),
                List.of(conflicts),
                Map.of(),
                true);
    }
}
