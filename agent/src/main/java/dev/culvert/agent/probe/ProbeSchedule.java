package dev.culvert.agent.probe;

import dev.culvert.agent.probe.PeerHealth.State;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When to ask which peer, and what the answers and their absence mean. Knows neither sockets nor
 * clocks: times are passed in, as of {@link System#nanoTime}. One thread; {@link #health} any.
 *
 * <p>Every peer is asked every {@link #INTERVAL}, a little more or less so that nodes do not fall
 * into step, but never more than {@link #MOST_A_SECOND} all together: in a large cluster the
 * interval grows instead. Where one more answer or loss would tell something, it comes after {@link
 * #SOON}.
 */
final class ProbeSchedule {
    static final Duration INTERVAL = Duration.ofSeconds(5);
    static final Duration SOON = Duration.ofSeconds(1);

    /** What has not come by then is lost. */
    static final Duration TIMEOUT = Duration.ofSeconds(2);

    static final int MOST_A_SECOND = 50;

    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos() / MOST_A_SECOND;
    private static final int SEQUENCES = 1 << 16;

    private final RandomGenerator random;
    private final Map<String, Entry> entries = new HashMap<>();
    private final NavigableSet<Entry> queue = new TreeSet<>(Entry.BY_TIME);
    private final Map<Integer, Sent> outstanding = new LinkedHashMap<>();
    private final Map<String, Known> health = new ConcurrentHashMap<>();
    private List<Transition> transitions = new ArrayList<>();
    private int sequence;
    private long nextSend;
    private boolean hasSent;

    ProbeSchedule(RandomGenerator random) {
        this.random = random;
    }

    /** A request to send. */
    record Probe(String node, InetAddress to, int sequence) {}

    private record Known(String node, PeerHealth health) {}

    /** A peer whose state is another one now, with the family if it is asked in both. */
    record Transition(String node, State before, State now) {}

    private record Sent(Entry entry, long at) {}

    /** A peer's place in the queue. */
    private static final class Entry {
        static final Comparator<Entry> BY_TIME =
                ((Comparator<Entry>) (one, other) -> Long.signum(one.due - other.due))
                        .thenComparing(entry -> entry.target.label());

        final PeerTrack track = new PeerTrack();
        ProbeTarget target;
        long due;

        Entry(ProbeTarget target, long due) {
            this.target = target;
            this.due = due;
        }
    }

    /** Asks these from now on. A peer whose address changed begins anew. */
    void target(List<ProbeTarget> targets, long now) {
        Map<String, ProbeTarget> wanted = new HashMap<>();
        targets.forEach(each -> wanted.put(each.label(), each));
        entries.values().removeIf(entry -> isGone(entry, wanted.get(entry.target.label())));
        for (ProbeTarget target : targets) {
            Entry known = entries.get(target.label());
            if (known == null) {
                // New ones at once, as far as the limit allows, in an order of chance.
                Entry entry = new Entry(target, now + random.nextLong(PAUSE_NANOS));
                entries.put(target.label(), entry);
                queue.add(entry);
                health.put(target.label(), new Known(target.node(), PeerHealth.UNKNOWN));
            } else {
                known.target = target;
            }
        }
    }

    private boolean isGone(Entry entry, @Nullable ProbeTarget wanted) {
        if (wanted != null && wanted.address().equals(entry.target.address())) {
            return false;
        }
        queue.remove(entry);
        outstanding.values().removeIf(sent -> sent.entry() == entry);
        health.remove(entry.target.label());
        return true;
    }

    /** The probe to send now, or null while none is due. */
    @Nullable Probe next(long now) {
        if (queue.isEmpty() || queue.first().due - now > 0 || (hasSent && nextSend - now > 0)) {
            return null;
        }
        Entry entry = queue.first();
        hasSent = true;
        nextSend = now + PAUSE_NANOS;
        sequence = (sequence + 1) % SEQUENCES;
        outstanding.put(sequence, new Sent(entry, now));
        reschedule(entry, now + jittered(interval()));
        return new Probe(entry.target.node(), entry.target.address(), sequence);
    }

    private long interval() {
        return Math.max(INTERVAL.toNanos(), entries.size() * PAUSE_NANOS);
    }

    private long jittered(long nanos) {
        return nanos - nanos / 10 + random.nextLong(nanos / 5);
    }

    private void reschedule(Entry entry, long due) {
        queue.remove(entry);
        entry.due = due;
        queue.add(entry);
    }

    /**
     * An answer came.
     *
     * @param from who sent it
     * @param millis the time of day, since 1970
     * @return the round-trip time, or -1 if nobody waits for it
     */
    long answered(int number, InetAddress from, long now, long millis) {
        Sent sent = outstanding.get(number);
        if (sent == null || !sent.entry().target.owns(from)) {
            return -1;
        }
        outstanding.remove(number);
        long nanos = now - sent.at();
        Entry entry = sent.entry();
        State before = entry.track.state();
        entry.track.answered(nanos, millis);
        settle(entry, before, now);
        return nanos;
    }

    /** A probe could not be sent, which is as good as lost. */
    void failed(int number, long now) {
        Sent sent = outstanding.remove(number);
        if (sent != null) {
            lost(sent.entry(), now);
        }
    }

    /** A probe was not sent for a reason that says nothing about the peer. */
    void unsent(int number) {
        outstanding.remove(number);
    }

    /**
     * Gives up those that were not answered in time.
     *
     * @return how many
     */
    int expire(long now) {
        List<Sent> late = new ArrayList<>();
        var each = outstanding.values().iterator();
        while (each.hasNext()) {
            Sent sent = each.next();
            if (sent.at() + TIMEOUT.toNanos() - now > 0) {
                break;
            }
            late.add(sent);
            each.remove();
        }
        late.forEach(sent -> lost(sent.entry(), now));
        return late.size();
    }

    private void lost(Entry entry, long now) {
        State before = entry.track.state();
        entry.track.lost();
        settle(entry, before, now);
    }

    private void settle(Entry entry, State before, long now) {
        String label = entry.target.label();
        health.put(label, new Known(entry.target.node(), entry.track.health()));
        if (entry.track.state() != before) {
            transitions.add(new Transition(label, before, entry.track.state()));
        }
        long soon = now + jittered(SOON.toNanos());
        if (entry.track.isUndecided() && entry.due - soon > 0) {
            reschedule(entry, soon);
        }
    }

    /** How long nothing will be due, at most {@code most} nanoseconds. */
    long idleNanos(long now, long most) {
        long idle = most;
        if (!queue.isEmpty()) {
            long due = queue.first().due - now;
            idle = Math.min(idle, hasSent ? Math.max(due, nextSend - now) : due);
        }
        for (Sent oldest : outstanding.values()) {
            idle = Math.min(idle, oldest.at() + TIMEOUT.toNanos() - now);
            break;
        }
        return Math.max(0, idle);
    }

    /** What changed since the last call. */
    List<Transition> takeTransitions() {
        List<Transition> taken = transitions;
        transitions = new ArrayList<>();
        return taken;
    }

    /** What is known of each peer that is asked, by name: of two families the worse. Any thread. */
    Map<String, PeerHealth> health() {
        Map<String, PeerHealth> worst = new HashMap<>();
        health.values().forEach(each -> worst.merge(each.node(), each.health(), PeerHealth::worse));
        return worst;
    }

    /** Peers that do not answer in one family while they do in the other. Any thread. */
    List<String> oneSided() {
        Set<String> answering = new HashSet<>();
        health.forEach(
                (label, each) -> {
                    if (each.health().isAnswering() && !label.equals(each.node())) {
                        answering.add(each.node());
                    }
                });
        return health.entrySet().stream()
                .filter(each -> each.getValue().health().state() == State.DOWN)
                .filter(each -> answering.contains(each.getValue().node()))
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
