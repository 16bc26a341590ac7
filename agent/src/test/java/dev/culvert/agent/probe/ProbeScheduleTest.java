package dev.culvert.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.probe.PeerHealth.State;
import dev.culvert.agent.probe.ProbeSchedule.Probe;
import dev.culvert.agent.probe.ProbeSchedule.Transition;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProbeScheduleTest {
    private static final long RTT = Duration.ofMillis(3).toNanos();

    private final ProbeSchedule schedule = new ProbeSchedule(new SplittableRandom(7));
    private final Map<String, List<Long>> sent = new HashMap<>();

    /** Near the end of the range of times, which must not matter. */
    private long now = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();

    private static ProbeTarget peer(int number) {
        Cidr range = Cidr.parse("10.%d.%d.0/24".formatted(number >> 8, number & 255));
        return new ProbeTarget("n" + number, range.network(), List.of(range));
    }

    private static List<ProbeTarget> peers(int count) {
        return IntStream.range(0, count).mapToObj(ProbeScheduleTest::peer).toList();
    }

    /** Lets time pass in which only some peers answer. */
    private void run(Duration time, Predicate<String> answers) {
        passing(time, probe -> answers.test(probe.node()));
    }

    private void runTo(Duration time, Predicate<InetAddress> answers) {
        passing(time, probe -> answers.test(probe.to()));
    }

    private void passing(Duration time, Predicate<Probe> answers) {
        long end = now + time.toNanos();
        List<Probe> underway = new ArrayList<>();
        while (now - end < 0) {
            underway.forEach(
                    each ->
                            assertThat(schedule.answered(each.sequence(), each.to(), now, 1))
                                    .isPositive());
            underway.clear();
            schedule.expire(now);
            Probe probe = schedule.next(now);
            if (probe != null) {
                sent.computeIfAbsent(probe.node(), _ -> new ArrayList<>()).add(now);
                if (answers.test(probe)) {
                    underway.add(probe);
                }
            }
            now += RTT;
        }
    }

    private Probe next() {
        return Objects.requireNonNull(schedule.next(now));
    }

    private int total() {
        return sent.values().stream().mapToInt(List::size).sum();
    }

    private State state(String node) {
        return schedule.health().getOrDefault(node, PeerHealth.UNKNOWN).state();
    }

    @Test
    void asksEachOfFewPeersEveryFiveSeconds() {
        schedule.target(peers(3), now);
        run(Duration.ofSeconds(60), _ -> true);
        assertThat(sent.keySet()).containsExactlyInAnyOrder("n0", "n1", "n2");
        assertThat(sent.values()).allSatisfy(times -> assertThat(times).hasSizeBetween(11, 14));
        assertThat(schedule.health().values())
                .allSatisfy(
                        health -> {
                            assertThat(health.state()).isEqualTo(State.UP);
                            assertThat(health.rttNanos()).isEqualTo(RTT);
                        });
    }

    @Test
    void asksManyPeersInTurnAndNeverMoreThanTheLimitInASecond() {
        schedule.target(peers(5000), now);
        run(Duration.ofMinutes(2), _ -> true);
        assertThat(total()).isBetween(5000, 120 * ProbeSchedule.MOST_A_SECOND + 1);
        assertThat(sent).as("each had its turn").hasSize(5000);
        assertThat(sent.values()).allSatisfy(times -> assertThat(times).hasSizeLessThan(3));
    }

    @Test
    void manyPeersThatAreAwayCostNoMore() {
        schedule.target(peers(1000), now);
        run(Duration.ofSeconds(60), _ -> false);
        assertThat(total()).isLessThanOrEqualTo(60 * ProbeSchedule.MOST_A_SECOND + 1);
    }

    @Test
    void findsOutSoonThatAPeerIsAway() {
        schedule.target(peers(2), now);
        run(Duration.ofSeconds(20), _ -> true);
        assertThat(schedule.takeTransitions())
                .containsExactlyInAnyOrder(
                        new Transition("n0", State.UNKNOWN, State.UP),
                        new Transition("n1", State.UNKNOWN, State.UP));
        run(Duration.ofSeconds(16), "n1"::equals);
        assertThat(schedule.takeTransitions())
                .containsExactly(new Transition("n0", State.UP, State.DOWN));
        run(Duration.ofSeconds(10), _ -> true);
        assertThat(schedule.takeTransitions())
                .containsExactly(new Transition("n0", State.DOWN, State.UP));
    }

    @Test
    void asksAPeerOfBothFamiliesInBothAndTellsWhichIsBad() {
        SubnetLease lease = bothFamilies("n1");
        List<ProbeTarget> targets = ProbeTarget.of(lease, lease.podCidrs());
        assertThat(targets)
                .extracting(ProbeTarget::label)
                .containsExactlyInAnyOrder("n1 (IPv4)", "n1 (IPv6)");
        assertThat(ProbeTarget.of(lease, List.of(Cidr.parse("10.1.0.0/24"))))
                .extracting(ProbeTarget::label)
                .containsExactly("n1");
        schedule.target(targets, now);
        InetAddress bad = IpAddresses.parse("fd00:1::");
        runTo(Duration.ofSeconds(16), each -> !each.equals(bad));
        assertThat(state("n1")).isEqualTo(State.DOWN);
        assertThat(schedule.oneSided()).containsExactly("n1 (IPv6)");
        assertThat(schedule.takeTransitions())
                .contains(new Transition("n1 (IPv6)", State.UNKNOWN, State.DOWN));
        runTo(Duration.ofSeconds(10), _ -> true);
        assertThat(state("n1")).isEqualTo(State.UP);
        assertThat(schedule.oneSided()).isEmpty();
        runTo(Duration.ofSeconds(20), _ -> false);
        assertThat(state("n1")).isEqualTo(State.DOWN);
        assertThat(schedule.oneSided()).as("both are bad").isEmpty();
    }

    private static SubnetLease bothFamilies(String node) {
        return new SubnetLease(
                node,
                List.of(Cidr.parse("10.1.0.0/24"), Cidr.parse("fd00:1::/64")),
                new Vtep(node, IpAddresses.parse("192.0.2.1"), 4789, MacAddress.ofName(node)));
    }

    @Test
    void forgetsPeersThatLeftAndBeginsAnewWithThoseThatMoved() {
        schedule.target(peers(3), now);
        run(Duration.ofSeconds(10), _ -> true);
        ProbeTarget moved =
                new ProbeTarget(
                        "n1", IpAddresses.parse("10.9.9.0"), List.of(Cidr.parse("10.9.9.0/24")));
        schedule.target(List.of(peer(0), moved), now);
        assertThat(schedule.health()).containsOnlyKeys("n0", "n1");
        assertThat(state("n0")).isEqualTo(State.UP);
        assertThat(state("n1")).isEqualTo(State.UNKNOWN);
        sent.clear();
        run(Duration.ofSeconds(10), _ -> true);
        assertThat(sent).containsOnlyKeys("n0", "n1");
        assertThat(state("n1")).isEqualTo(State.UP);
    }

    @Test
    void believesOnlyThePeerItselfAndOnlyOnce() {
        schedule.target(peers(1), now);
        now += RTT + Duration.ofSeconds(1).toNanos();
        Probe probe = next();
        now += RTT;
        assertThat(schedule.answered(probe.sequence(), IpAddresses.parse("10.7.7.7"), now, 1))
                .isNegative();
        assertThat(schedule.answered(probe.sequence() + 1, probe.to(), now, 1)).isNegative();
        assertThat(schedule.answered(probe.sequence(), probe.to(), now, 1)).isEqualTo(RTT);
        assertThat(schedule.answered(probe.sequence(), probe.to(), now, 1)).isNegative();
    }

    @Test
    void anAnswerFromAnotherAddressOfThePeerCounts() {
        schedule.target(peers(1), now);
        now += Duration.ofSeconds(1).toNanos();
        Probe probe = next();
        assertThat(schedule.answered(probe.sequence(), IpAddresses.parse("10.0.0.1"), now + 1, 1))
                .isEqualTo(1);
    }

    @Test
    void whatCannotBeSentIsLostUnlessItSaysNothingOfThePeer() {
        schedule.target(peers(1), now);
        now += Duration.ofSeconds(1).toNanos();
        schedule.unsent(next().sequence());
        assertThat(schedule.health().get("n0")).isEqualTo(PeerHealth.UNKNOWN);
        for (int i = 0; i < 3; i++) {
            now += Duration.ofSeconds(10).toNanos();
            schedule.failed(next().sequence(), now);
        }
        assertThat(state("n0")).isEqualTo(State.DOWN);
    }

    @Test
    void saysHowLongNothingIsDue() {
        long most = Duration.ofSeconds(1).toNanos();
        assertThat(schedule.idleNanos(now, most)).isEqualTo(most);
        schedule.target(peers(1), now);
        assertThat(schedule.idleNanos(now, most)).isLessThan(most);
        now += most;
        assertThat(schedule.idleNanos(now, most)).isZero();
        assertThat(schedule.next(now)).isNotNull();
        assertThat(schedule.idleNanos(now, 10 * most))
                .as("until the probe is lost")
                .isEqualTo(ProbeSchedule.TIMEOUT.toNanos());
    }
}
