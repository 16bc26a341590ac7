package dev.culvert.agent.probe;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.icmp.EchoSocket;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Tests this node's own data path without another node: a packet is sent out of the TUN device, the
 * data path encapsulates it and sends it to this node's own UDP port, and there it is recognised
 * and counted. So it goes from the kernel through device, event loop and sockets, and back up to an
 * event loop.
 *
 * <p>One thread calls {@link #look} again and again, in the node's network namespace; any may ask.
 */
public final class DataPathTest {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final int MOST_FAILURES = 5;

    private final Target target;
    private final LongAdder passed = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile String problem = "it has not been tested yet";
    private volatile String limitation = "";
    private boolean waits;
    private long arrived;
    private long sentAt;
    private int failures;
    private @Nullable Object tested;

    /** The data path that is tested. */
    public interface Target {
        /** Another object for each data path; null while there is none. */
        @Nullable Object current();

        /** How many test packets came all the way round. */
        long arrived();

        /** Sends one; throws where the kernel does not take it. */
        void send() throws LinuxException;
    }

    /** With this target, which need not be there yet. */
    public DataPathTest(Target target) {
        this.target = target;
    }

    /** Sends a test packet out of {@code device} to {@code group}. */
    public static void send(String device, InetAddress group) throws LinuxException {
        try (EchoSocket socket = EchoSocket.open(IpFamily.of(group))) {
            socket.bindTo(device);
            LinuxException.check(socket.request(group, 0, 0), "sendmsg", device);
        }
    }

    /** Does what is due. */
    public void look(long now) {
        Object current = target.current();
        if (current == null || !current.equals(tested)) {
            tested = current;
            waits = false;
            failures = 0;
            problem = "it has not been tested yet";
        }
        if (current == null) {
            return;
        }
        if (waits) {
            await(now);
        }
        if (!waits && isDue(now)) {
            test(now);
        }
    }

    private void await(long now) {
        if (target.arrived() != arrived) {
            waits = false;
            failures = 0;
            passed.increment();
            problem = "";
        } else if (now - sentAt >= PATIENCE.toNanos()) {
            waits = false;
            fail(
                    "test packets do not come back: a packet filter or route of this node keeps them"
                            + " from the TUN device or from the overlay's own UDP port");
        }
    }

    /** As long as it is not known to work, at once. */
    private boolean isDue(long now) {
        return !problem.isEmpty() || failures > 0 || now - sentAt >= INTERVAL.toNanos();
    }

    private void test(long now) {
        arrived = target.arrived();
        sentAt = now;
        try {
            target.send();
            limitation = "";
            waits = true;
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.EPERM) && e.call().equals("socket")) {
                limitation =
                        "this node's data path is not tested (%s): give the agent CAP_NET_RAW"
                                .formatted(e.getMessage());
                problem = "";
            } else {
                fail("a test packet cannot be sent (%s)".formatted(e.getMessage()));
            }
        }
    }

    private void fail(String sentence) {
        failed.increment();
        failures++;
        if (!problem.isEmpty() || failures >= MOST_FAILURES) {
            problem = sentence;
        }
    }

    /** Why the data path does not work, a sentence; empty when it does. */
    public String problem() {
        return problem;
    }

    /** Why it is not tested, a sentence; empty when it is. */
    public String limitation() {
        return limitation;
    }

    /** How many tests were passed. */
    public long passed() {
        return passed.sum();
    }

    /** How many were not. */
    public long failed() {
        return failed.sum();
    }
}
