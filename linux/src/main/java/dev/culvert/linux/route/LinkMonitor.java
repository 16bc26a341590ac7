package dev.culvert.linux.route;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkSubscription;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
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

    private final NetlinkSubscription subscription;
    private final StopSignal stop;
    private final Consumer<Set<Change>> listener;
    private final Thread thread;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Only used on {@link #thread}, which then releases what it uses itself. */
    private boolean closedByListener;

    private LinkMonitor(
            NetlinkSubscription subscription, StopSignal stop, Consumer<Set<Change>> listener) {
        this.subscription = subscription;
        this.stop = stop;
        this.listener = listener;
        this.thread = Thread.ofPlatform().daemon().name("link-monitor").unstarted(this::run);
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
        try {
            return new LinkMonitor(subscription, StopSignal.create(), listener);
        } catch (LinuxException | RuntimeException e) {
            subscription.close();
            throw e;
        }
    }

    /** Begins to call the listener. */
    public void start() {
        thread.start();
    }

    private void run() {
        try {
            while (subscription.await(stop)) {
                EnumSet<Change> changes = drain();
                if (!changes.isEmpty()) {
                    listener.accept(changes);
                }
            }
        } catch (LinuxException e) {
            throw new IllegalStateException("the link monitor ends: " + e.getMessage(), e);
        } finally {
            if (closedByListener) {
                release();
            }
        }
    }

    private EnumSet<Change> drain() throws LinuxException {
        EnumSet<Change> changes = EnumSet.noneOf(Change.class);
        boolean more = true;
        while (more) {
            try {
                List<NetlinkMessage> messages = subscription.poll();
                messages.forEach(message -> add(changes, message.type()));
                more = !messages.isEmpty();
            } catch (LinuxException e) {
                if (!e.errno().equals(Errno.ENOBUFS)) {
                    throw e;
                }
                changes.add(Change.OVERRUN);
            }
        }
        return changes;
    }

    private static void add(Set<Change> changes, int type) {
        switch (type) {
            case Rtm.NEWLINK, Rtm.DELLINK -> changes.add(Change.LINK);
            case Rtm.NEWADDR, Rtm.DELADDR -> changes.add(Change.ADDRESS);
            case Rtm.NEWROUTE, Rtm.DELROUTE -> changes.add(Change.ROUTE);
            default -> {}
        }
    }

    /** Stops the thread and waits for it, unless the listener itself calls this. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stop.raise();
        if (Thread.currentThread() == thread) {
            closedByListener = true;
        } else {
            joinUninterruptibly();
            release();
        }
    }

    private void release() {
        subscription.close();
        stop.close();
    }

    private void joinUninterruptibly() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
