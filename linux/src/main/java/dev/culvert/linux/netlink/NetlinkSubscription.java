package dev.culvert.linux.netlink;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import java.util.List;

/**
 * Receives the notifications of some multicast groups of rtnetlink or netfilter, from the network
 * namespace of the thread that opened it. One thread at a time.
 */
public final class NetlinkSubscription implements AutoCloseable {
    private final KernelTransport transport;

    private NetlinkSubscription(KernelTransport transport) {
        this.transport = transport;
    }

    /** Subscribes to {@code groups}, numbers of {@code enum rtnetlink_groups}. */
    public static NetlinkSubscription open(int... groups) throws LinuxException {
        return join(KernelTransport.open(), groups);
    }

    /** Subscribes to {@code groups}, numbers of {@code enum nfnetlink_groups}. */
    public static NetlinkSubscription openNetfilter(int... groups) throws LinuxException {
        return join(KernelTransport.openNetfilter(), groups);
    }

    private static NetlinkSubscription join(KernelTransport transport, int... groups)
            throws LinuxException {
        try {
            for (int group : groups) {
                transport.join(group);
            }
            return new NetlinkSubscription(transport);
        } catch (LinuxException | RuntimeException e) {
            transport.close();
            throw e;
        }
    }

    /**
     * Waits for notifications.
     *
     * @return false when {@code stop} was raised
     */
    public boolean await(StopSignal stop) throws LinuxException {
        return stop.awaitReadable(transport.descriptor());
    }

    /**
     * The notifications of the next datagram, empty when there is none now.
     *
     * @throws LinuxException with {@code ENOBUFS} when some were lost
     */
    public List<NetlinkMessage> poll() throws LinuxException {
        return NetlinkMessage.parse(transport.poll());
    }

    @Override
    public void close() {
        transport.close();
    }
}
