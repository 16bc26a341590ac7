package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkSubscription;
import dev.culvert.linux.netlink.NotificationThread;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Tells when links, addresses or routes of the network namespace of the opening thread changed. The
 * listener runs on the monitor's own daemon thread; what happened meanwhile comes as one call. It
 * must not throw: an exception goes to the thread's handler and ends the monitor.
 */
public final class LinkMonitor implements AutoCloseable {
    private static final int RTNLGRP_LINK = 1;
    private static final int RTNLGRP_IPV4_IFADDR = 5;
    private static final int RTNLGRP_IPV4_ROUTE = 7;
    private static final int RTNLGRP_IPV6_IFADDR = 9;
    private static final int RTNLGRP_IPV6_ROUTE = 11;

    /** Kinds of change. */
    public enum Change {
        /** A link came, went or is different. */
        LINK,
        /** An address came, went or is different. */
        ADDRESS,
        /** A route came, went or is different. */
        ROUTE,
        /** Notifications were lost, so anything may have changed. */
        OVERRUN
    }

    private final NotificationThread<Change> thread;

    private LinkMonitor(NotificationThread<Change> thread) {
        this.thread = thread;
    }

    /** Subscribes in the calling thread's namespace; nothing is missed from here on. */
    public static LinkMonitor open(Consumer<Set<Change>> listener) throws LinuxException {
        NetlinkSubscription subscription =
                NetlinkSubscription.open(
                        RTNLGRP_LINK,
                        RTNLGRP_IPV4_IFADDR,
                        RTNLGRP_IPV4_ROUTE,
                        RTNLGRP_IPV6_IFADDR,
                        RTNLGRP_IPV6_ROUTE);
        return new LinkMonitor(
                NotificationThread.of(
                        "link-monitor", subscription, LinkMonitor::read, Change.OVERRUN, listener));
    }

    /** Begins to call the listener. */
    public void start() {
        thread.start();
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return thread.hasEnded();
    }

    private static void read(NetlinkMessage message, Set<Change> changes) {
        switch (message.type()) {
            case Rtm.NEWLINK, Rtm.DELLINK -> changes.add(Change.LINK);
            case Rtm.NEWADDR, Rtm.DELADDR -> changes.add(Change.ADDRESS);
            case Rtm.NEWROUTE, Rtm.DELROUTE -> changes.add(Change.ROUTE);
            default -> {}
        }
    }

    /** Stops the thread and waits for it, unless the listener itself calls this. */
    @Override
    public void close() {
        thread.close();
    }
}
