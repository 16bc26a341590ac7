package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.state.ClusterEvent;
import org.junit.jupiter.api.Test;

class EventQueueTest {
    private final EventQueue queue = new EventQueue();

    @Test
    void keepsTheLatestEventOfAKeyAndTheTimeOfTheFirst() throws InterruptedException {
        ClusterEvent first = new ClusterEvent.PodRemoved("a/b");
        ClusterEvent second = new ClusterEvent.PodRemoved("a/b");
        long before = System.nanoTime();
        queue.put(first);
        long between = System.nanoTime();
        queue.put(second);
        queue.put(new ClusterEvent.NodeRemoved("n1"));

        EventQueue.Batch batch = queue.take(0);

        assertThat(batch.events()).hasSize(2);
        assertThat(batch.events().getFirst()).isSameAs(second);
        assertThat(batch.since().getFirst()).isBetween(before, between);
        assertThat(batch.since().getLast()).isGreaterThanOrEqualTo(between);
        assertThat(queue.take(0).events()).isEmpty();
    }

    @Test
    void asksForOneLookOnlyOnce() throws InterruptedException {
        queue.requestResync();
        queue.requestResync();
        assertThat(queue.take(0).resync()).isTrue();
        assertThat(queue.take(0).resync()).isFalse();
    }
}
