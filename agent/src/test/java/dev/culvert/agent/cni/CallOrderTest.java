package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.ipam.Endpoint;
import org.junit.jupiter.api.Test;

final class CallOrderTest {
    private static final Endpoint WEB = new Endpoint("web", "eth0");

    private final CallOrder order = new CallOrder();

    @Test
    void knowsThatALaterDeleteWasCarriedOutFirst() {
        long add = order.enter();
        long delete = order.enter();
        assertThat(order.isOvertaken(WEB, add)).isFalse();
        order.delete(WEB, delete);
        assertThat(order.isOvertaken(WEB, add)).isTrue();
        assertThat(order.isOvertaken(WEB, order.enter())).isFalse();
        assertThat(order.isOvertaken(new Endpoint("web", "net1"), add)).isFalse();
    }

    @Test
    void remembersTheLatestOfSeveralDeletes() {
        long first = order.enter();
        long add = order.enter();
        long second = order.enter();
        order.delete(WEB, second);
        order.delete(WEB, first);
        assertThat(order.isOvertaken(WEB, add)).isTrue();
    }

    @Test
    void forgetsADeleteOnceEveryEarlierCallIsAnswered() {
        long add = order.enter();
        long delete = order.enter();
        order.delete(WEB, delete);
        order.leave(delete);
        assertThat(order.remembered()).isEqualTo(1);
        long later = order.enter();
        order.leave(add);
        assertThat(order.remembered()).isZero();
        assertThat(order.isOvertaken(WEB, later)).isFalse();
    }

    @Test
    void remembersNothingWhenNoCallIsUnanswered() {
        long delete = order.enter();
        order.delete(WEB, delete);
        assertThat(order.remembered()).isZero();
    }
}
