package dev.culvert.agent.ping;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import dev.culvert.linux.icmp.EchoReply;
import dev.culvert.linux.icmp.EchoSocket;
import dev.culvert.linux.icmp.SizedEcho;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Sends one echo request after the other, none of which is cut into fragments, to another node's
 * tunnel address, in the network namespace of the thread that opened it. One thread.
 */
public final class Pinger implements AutoCloseable {
    /** No answer came in time, or the request got lost in a full queue of this node. */
    public static final long LOST = -1;

    /** The request did not even leave: it is too big for the tunnel. */
    public static final long TOO_BIG = -2;

    private static final int HEADERS_IPV4 = 20;
    private static final int HEADERS_IPV6 = 40;
    private static final int LEAST_IPV4 = 68;
    private static final int LEAST_IPV6 = 88;
    private static final int TRIES = 3;
    private static final Duration TRY = Duration.ofMillis(700);
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final InetAddress to;
    private final EchoSocket socket;
    private final StopSignal never;
    private final int identifier = ThreadLocalRandom.current().nextInt(1 << 16);
    private int sequence;

    private Pinger(InetAddress to, EchoSocket socket, StopSignal never) {
        this.to = to;
        this.socket = socket;
        this.never = never;
    }

    /** Opens one; needs CAP_NET_RAW. */
    public static Pinger open(InetAddress to) throws LinuxException {
        StopSignal never = StopSignal.create();
        try {
            EchoSocket socket = EchoSocket.open(IpFamily.of(to));
            try {
                SizedEcho.refuseFragments(socket, IpFamily.of(to));
                return new Pinger(to, socket, never);
            } catch (LinuxException e) {
                socket.close();
                throw e;
            }
        } catch (LinuxException e) {
            never.close();
            throw e;
        }
    }

    /**
     * Sends one request and waits for its answer.
     *
     * @param bytes of the IP packet
     * @return nanoseconds until the answer, {@link #LOST} or {@link #TOO_BIG}
     */
    public long ping(int bytes, Duration patience) throws LinuxException {
        sequence = (sequence + 1) & 0xffff;
        long start = System.nanoTime();
        int result = SizedEcho.request(socket, to, identifier, sequence, bytes - headers());
        if (result == -Errno.EMSGSIZE.number()) {
            return TOO_BIG;
        }
        if (result == -Errno.ENOBUFS.number()) {
            return LOST; // on its way out of this node
        }
        LinuxException.check(result, "sendmsg", "echo request to " + to.getHostAddress());
        long left = patience.toNanos();
        while (left > 0) {
            int millis = (int) (left / NANOS_PER_MILLI) + 1;
            never.awaitReadable(List.of(socket.descriptor()), millis);
            for (EchoReply reply = socket.receive(); reply != null; reply = socket.receive()) {
                if (isAnswer(reply)) {
                    return System.nanoTime() - start;
                }
            }
            left = patience.toNanos() - (System.nanoTime() - start);
        }
        return LOST;
    }

    private boolean isAnswer(EchoReply reply) {
        return reply.identifier() == identifier
                && reply.sequence() == sequence
                && reply.from().equals(to);
    }

    /**
     * The largest IP packet that is answered, in bytes; 0 if none is.
     *
     * @param most where to begin
     */
    public int largest(int most) throws LinuxException {
        int low = headers() == HEADERS_IPV4 ? LEAST_IPV4 : LEAST_IPV6;
        if (answers(most)) {
            return most;
        }
        if (!answers(low)) {
            return 0;
        }
        int high = most;
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (answers(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean answers(int bytes) throws LinuxException {
        for (int i = 0; i < TRIES; i++) {
            long result = ping(bytes, TRY);
            if (result != LOST) {
                return result >= 0;
            }
        }
        return false;
    }

    private int headers() {
        return IpFamily.of(to) == IpFamily.IPV4 ? HEADERS_IPV4 : HEADERS_IPV6;
    }

    @Override
    public void close() {
        socket.close();
        never.close();
    }
}
