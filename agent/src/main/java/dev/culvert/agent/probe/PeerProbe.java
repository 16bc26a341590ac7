package dev.culvert.agent.probe;

import dev.culvert.agent.probe.ProbeSchedule.Probe;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import dev.culvert.linux.icmp.EchoReply;
import dev.culvert.linux.icmp.EchoSocket;
import dev.culvert.net.IpFamily;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Asks every other node through the overlay whether it is there: an ICMP echo request from this
 * node's tunnel address to the other's, so that it goes through kernel, TUN device and agent here
 * and there, as pods' packets do, and through the kernel alone at a node that has a vxlan device
 * instead of an agent.
 *
 * <p>A thread of its own sends and receives, so that times are right however busy others are. Any
 * thread may ask what it found.
 */
public final class PeerProbe implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(PeerProbe.class);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration UNTIL_READY = Duration.ofMillis(100);
    private static final int MOST_NAMES = 5;
    private static final int IDENTIFIERS = 1 << 16;

    private final Supplier<? extends @Nullable ClusterView> cluster;
    private final BooleanSupplier enabled;
    private final BooleanSupplier ready;
    private final HealthNews news;
    private final ProbeSchedule schedule = new ProbeSchedule(new SplittableRandom());
    private final int identifier = ThreadLocalRandom.current().nextInt(IDENTIFIERS);
    private final Map<IpFamily, EchoSocket> sockets = new EnumMap<>(IpFamily.class);
    private final LongAdder answered = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Thread thread = Thread.ofPlatform().daemon().name("probe").unstarted(this::run);
    private volatile LongConsumer roundTrips = _ -> {};
    private volatile String limitation = "";
    private @Nullable StopSignal stop;
    private @Nullable ClusterView targeted;
    private long targetedAt;

    /**
     * @param cluster the cluster as it is known now, or null before
     * @param enabled whether peers are asked at all; may change
     * @param ready whether this node can send; what it finds while it cannot would be blamed on the
     *     peers
     * @param changes is told which peers answer and which do not
     */
    public PeerProbe(
            Supplier<? extends @Nullable ClusterView> cluster,
            BooleanSupplier enabled,
            BooleanSupplier ready,
            RecentChanges changes) {
        this.cluster = cluster;
        this.enabled = enabled;
        this.ready = ready;
        this.news = new HealthNews(changes);
    }

    /** Begins, in the network namespace of the calling thread. Without permission it does not. */
    public void start() {
        try {
            open(IpFamily.IPV4);
            open(IpFamily.IPV6);
            stop = StopSignal.create();
            thread.start();
        } catch (LinuxException e) {
            sockets.values().forEach(EchoSocket::close);
            sockets.clear();
            limitation =
                    "other nodes are not probed, so their round-trip times and losses are not known"
                            + " (%s): give the agent CAP_NET_RAW or set peerProbe to false"
                                    .formatted(e.getMessage());
            if (enabled.getAsBoolean()) {
                LOG.warn("{}", limitation);
            }
        }
    }

    private void open(IpFamily family) throws LinuxException {
        try {
            sockets.put(family, EchoSocket.open(family));
        } catch (LinuxException e) {
            if (!e.errno().equals(Errno.EAFNOSUPPORT)) {
                throw e;
            }
        }
    }

    /** Tells {@code meter} of the round-trip time of each answer, in nanoseconds. */
    public void measure(LongConsumer meter) {
        roundTrips = meter;
    }

    /** What is known of each peer that is asked, by name. */
    public Map<String, PeerHealth> health() {
        return schedule.health();
    }

    /** How probes ended so far. */
    public ProbeCounts counts() {
        return new ProbeCounts(answered.sum(), lost.sum(), failed.sum());
    }

    /** Why it does nothing, a sentence; empty when it works. */
    public String limitation() {
        return enabled.getAsBoolean() ? limitation : "";
    }

    /** Which peers answer in one address family only, a sentence; empty when there is none. */
    public String oneSided() {
        List<String> peers = schedule.oneSided();
        return peers.isEmpty()
                ? ""
                : "%d peers answer in the other address family only: %s"
                        .formatted(
                                peers.size(),
                                String.join(
                                        ", ",
                                        peers.subList(0, Math.min(MOST_NAMES, peers.size()))));
    }

    private void run() {
        StopSignal signal = stop;
        if (signal == null) {
            return;
        }
        List<Descriptor> descriptors =
                sockets.values().stream().map(EchoSocket::descriptor).toList();
        try {
            int millis = 0;
            while (signal.awaitReadable(descriptors, millis)) {
                receive();
                long now = System.nanoTime();
                lost.add(schedule.expire(now));
                look(now);
                millis = (int) send().toMillis() + 1;
                news.add(schedule.takeTransitions());
                news.tell(now);
            }
        } catch (LinuxException e) {
            limitation = "other nodes are not probed any more: " + e.getMessage();
            LOG.error("{}; restart the agent", limitation, e);
        }
    }

    private void receive() throws LinuxException {
        for (EchoSocket socket : sockets.values()) {
            for (EchoReply reply = socket.receive(); reply != null; reply = socket.receive()) {
                take(reply);
            }
        }
    }

    private void take(EchoReply reply) {
        if (reply.identifier() != identifier) {
            return;
        }
        long nanos =
                schedule.answered(
                        reply.sequence(),
                        reply.from(),
                        System.nanoTime(),
                        System.currentTimeMillis());
        if (nanos >= 0) {
            answered.increment();
            roundTrips.accept(nanos);
        }
    }

    /** A new view comes with each change: once a second is often enough to compare. */
    private void look(long now) {
        ClusterView view = enabled.getAsBoolean() ? cluster.get() : null;
        if (view == null && targeted != null) {
            targeted = null;
            schedule.target(List.of(), now);
        }
        boolean due = targeted == null || now - targetedAt >= LOOK.toNanos();
        if (view != null && due && !view.equals(targeted)) {
            targeted = view;
            targetedAt = now;
            schedule.target(
                    view.leases().stream()
                            .flatMap(lease -> ProbeTarget.of(lease, view.podCidrs()).stream())
                            .toList(),
                    now);
        }
    }

    /** What is due; and for how long nothing will be. */
    private Duration send() {
        if (!ready.getAsBoolean()) {
            return UNTIL_READY;
        }
        for (Probe probe = schedule.next(System.nanoTime());
                probe != null;
                probe = schedule.next(System.nanoTime())) {
            EchoSocket socket = sockets.get(IpFamily.of(probe.to()));
            int result =
                    socket == null
                            ? -Errno.EAFNOSUPPORT.number()
                            : socket.request(probe.to(), identifier, probe.sequence());
            if (result == -Errno.EAGAIN.number() || result == -Errno.ENOBUFS.number()) {
                schedule.unsent(probe.sequence());
            } else if (result < 0) {
                failed.increment();
                schedule.failed(probe.sequence(), System.nanoTime());
            }
        }
        return Duration.ofNanos(schedule.idleNanos(System.nanoTime(), LOOK.toNanos()));
    }

    /** Ends the thread and closes the sockets. */
    @Override
    public void close() {
        StopSignal signal = stop;
        stop = null;
        if (signal == null) {
            return;
        }
        signal.raise();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        sockets.values().forEach(EchoSocket::close);
        signal.close();
    }
}
