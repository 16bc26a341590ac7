package dev.culvert.linux.netlink;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Talks to rtnetlink or netfilter in the network namespace of the thread that opened it, for good.
 * Any thread; one exchange at a time.
 *
 * <p>A refused request is a {@link LinuxException} with the request's object and, where the kernel
 * explains itself (extended acknowledgement), its words.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>
 */
public final class NetlinkSocket implements AutoCloseable {
    private static final int NLMSG_NOOP = 1;
    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_DUMP_INTR = 0x10;
    private static final int NLM_F_CAPPED = 0x100;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;

    /** A table that changes faster than this many dumps in a row is worth an error. */
    private static final int DUMP_ATTEMPTS = 20;

    private final NetlinkTransport transport;
    private final ReentrantLock lock = new ReentrantLock();
    private int sequence;

    NetlinkSocket(NetlinkTransport transport) {
        this.transport = transport;
    }

    /** Opens a socket to rtnetlink in the calling thread's namespace. */
    public static NetlinkSocket open() throws LinuxException {
        return new NetlinkSocket(KernelTransport.open());
    }

    /** Opens a socket to netfilter in the calling thread's namespace. */
    public static NetlinkSocket openNetfilter() throws LinuxException {
        return new NetlinkSocket(KernelTransport.openNetfilter());
    }

    /**
     * Sends a request and returns the answer: all messages of a dump, one for a get, none for a
     * change.
     *
     * @throws LinuxException with the kernel's errno; {@code EINTR} if a dump never came out
     *     consistent
     */
    public List<NetlinkMessage> exchange(NetlinkRequest request) throws LinuxException {
        lock.lock();
        try {
            for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
                List<NetlinkMessage> answer = attempt(request);
                if (answer != null) {
                    return answer;
                }
            }
        } finally {
            lock.unlock();
        }
        throw new LinuxException(
                "netlink dump",
                Errno.EINTR,
                "%s kept changing during %d attempts".formatted(request.object(), DUMP_ATTEMPTS));
    }

    /** Null when the dump is inconsistent and must be repeated. */
    private @Nullable List<NetlinkMessage> attempt(NetlinkRequest request) throws LinuxException {
        int number = ++sequence;
        transport.send(request.encode(number));
        Answer answer = new Answer(request, number);
        while (!answer.complete) {
            try {
                answer.add(NetlinkMessage.parse(transport.receive()));
            } catch (LinuxException e) {
                answer.lose(e);
            }
        }
        return answer.interrupted ? null : answer.messages;
    }

    /** Collects the messages that answer one request. */
    private static final class Answer {
        private final NetlinkRequest request;
        private final int number;
        private final List<NetlinkMessage> messages = new ArrayList<>();
        private boolean complete;
        private boolean interrupted;

        private Answer(NetlinkRequest request, int number) {
            this.request = request;
            this.number = number;
        }

        private void add(List<NetlinkMessage> received) throws LinuxException {
            for (NetlinkMessage message : received) {
                // What an earlier exchange left behind, for example after a timeout.
                if (message.sequence() == number) {
                    add(message);
                }
            }
        }

        private void add(NetlinkMessage message) throws LinuxException {
            interrupted |= (message.flags() & NLM_F_DUMP_INTR) != 0;
            switch (message.type()) {
                case NLMSG_NOOP -> {}
                case NLMSG_ERROR, NLMSG_DONE -> finish(message);
                default -> messages.add(message);
            }
        }

        private void finish(NetlinkMessage message) throws LinuxException {
            complete = true;
            boolean hasCode = message.payload().limit() >= Integer.BYTES;
            int code = hasCode ? message.structure(Integer.BYTES).getInt(0) : 0;
            if (code == -Errno.EINTR.number() && request.isDump()) {
                interrupted = true;
            } else if (code < 0) {
                String object = request.object() + explanation(message);
                throw new LinuxException("netlink", Errno.of(-code), object);
            }
        }

        /** A dump that lost messages is repeated; whether a change happened is for the caller. */
        private void lose(LinuxException e) throws LinuxException {
            if (!request.isDump() || complete || !e.errno().equals(Errno.ENOBUFS)) {
                throw e;
            }
            interrupted = true;
        }

        private static String explanation(NetlinkMessage message) throws LinuxException {
            if ((message.flags() & NLM_F_ACK_TLVS) == 0) {
                return "";
            }
            String words = message.attributes(fixedSize(message)).text(NLMSGERR_ATTR_MSG);
            return words.isEmpty() ? "" : ", the kernel says: " + words;
        }

        /** The error code, and for NLMSG_ERROR as much of our request as the kernel sends back. */
        private static int fixedSize(NetlinkMessage message) throws LinuxException {
            if (message.type() == NLMSG_DONE) {
                return Integer.BYTES;
            }
            int header = Integer.BYTES + NetlinkMessage.HEADER;
            boolean capped = (message.flags() & NLM_F_CAPPED) != 0;
            return capped ? header : Integer.BYTES + message.structure(header).getInt(4);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            transport.close();
        } finally {
            lock.unlock();
        }
    }
}
