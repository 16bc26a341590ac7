package dev.culvert.agent.sync;

import dev.culvert.agent.policy.PolicyState;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.conntrack.Connection;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.conntrack.FlowTuple;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Ends connections that policies no longer allow: what belongs to a known connection passes the
 * rules, so the kernel has to forget it. The sync thread's only, but for {@link #count}.
 *
 * <p>All connections are read for that, so no more often than once a second.
 *
 * <p>An answer that was under way when its connection ended looks like the beginning of one, the
 * other way round, and the first one would go on in that if policies allow this way. So a second
 * look follows after a second, and ends those too.
 */
public final class ConnectionCutter {
    private static final Logger LOG = LogManager.getLogger(ConnectionCutter.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final @Nullable Conntrack conntrack;
    private final Rtnetlink rtnetlink;
    private final Consumer<Duration> later;
    private final LongSupplier nanoTime;
    private final LongAdder count = new LongAdder();

    /** What ended in the last look, by how its answers come. */
    private Map<FlowTuple, Connection> ended = new HashMap<>();

    private boolean expected = true;
    private boolean called;
    private @Nullable Long lastAt;
    private String failure = "";

    /**
     * @param conntrack null where there is none: then nothing is ended
     * @param later has {@link #cut} called again after that time
     * @param nanoTime {@link System#nanoTime}
     */
    public ConnectionCutter(
            @Nullable Conntrack conntrack,
            Rtnetlink rtnetlink,
            Consumer<Duration> later,
            LongSupplier nanoTime) {
        this.conntrack = conntrack;
        this.rtnetlink = rtnetlink;
        this.later = later;
        this.nanoTime = nanoTime;
    }

    /** Something changed that may forbid what was allowed. */
    void expect() {
        expected = true;
    }

    /** How many it ended; any thread. */
    public long count() {
        return count.sum();
    }

    /**
     * Looks at all connections if something changed; the rules are in force.
     *
     * @param pods the addresses of this node's pods
     */
    void cut(PolicyState state, Set<InetAddress> pods, Set<IpFamily> families) {
        Conntrack tracked = conntrack;
        if (tracked == null || !(expected || !ended.isEmpty())) {
            return;
        }
        long now = nanoTime.getAsLong();
        Long last = lastAt;
        if (last != null && now - last < PAUSE.toNanos()) {
            callAgain(PAUSE.minusNanos(now - last));
            return;
        }
        lastAt = now;
        called = false;
        try {
            look(tracked, new Judge(state, pods, ownAddresses()), families);
            expected = false;
            failure = "";
        } catch (LinuxException e) {
            tell(String.valueOf(e.getMessage()));
        }
    }

    /** Once is enough, however many rounds there are until then. */
    private void callAgain(Duration pause) {
        if (!called) {
            called = true;
            later.accept(pause.plusMillis(1));
        }
    }

    private void look(Conntrack tracked, Judge judge, Set<IpFamily> families)
            throws LinuxException {
        Map<FlowTuple, Connection> now = new HashMap<>();
        for (IpFamily family : families) {
            for (Connection each : tracked.connections(family)) {
                boolean forbidden = judge.forbids(each);
                Connection before = ended.get(each.original());
                if ((forbidden || (before != null && judge.forbids(before)))
                        && tracked.delete(each)) {
                    count.increment();
                    LOG.debug("cut, since policies forbid it now: {}", each.original());
                    if (forbidden) {
                        now.put(each.reply(), each);
                    }
                }
            }
        }
        ended = now;
        if (!ended.isEmpty()) {
            callAgain(PAUSE);
        }
    }

    /** It is tried again in the next round. */
    private void tell(String message) {
        if (!message.equals(failure)) {
            LOG.warn("connections that policies forbid now may go on: {}", message);
            failure = message;
        }
    }

    private Set<InetAddress> ownAddresses() throws LinuxException {
        Set<InetAddress> own = new HashSet<>();
        for (Address each : rtnetlink.addresses()) {
            own.add(each.local());
        }
        return own;
    }

    /** Decides with what is known at one moment. What the node sends or gets is not policed. */
    private record Judge(PolicyState state, Set<InetAddress> pods, Set<InetAddress> own) {
        boolean forbids(Connection connection) {
            InetAddress from = connection.source();
            InetAddress to = connection.destination();
            return (pods.contains(from) || pods.contains(to))
                    && !own.contains(from)
                    && !own.contains(to)
                    && !state.verdict(from, to, protocol(connection), connection.destinationPort())
                            .allowed();
        }
    }

    private static @Nullable Protocol protocol(Connection connection) {
        return switch (connection.original().protocol()) {
            case FlowTuple.TCP -> Protocol.TCP;
            case FlowTuple.UDP -> Protocol.UDP;
            case FlowTuple.SCTP -> Protocol.SCTP;
            default -> null;
        };
    }
}
