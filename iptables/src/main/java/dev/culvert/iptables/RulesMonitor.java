package dev.culvert.iptables;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.StopSignal;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkSubscription;
import dev.culvert.net.IpFamily;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Tells when somebody else changed rules in nf_tables (iptables-nft, nft, firewalld), in the
 * network namespace of the opening thread, so that damage is repaired at once: queue a resync and
 * apply. The kernel tells nothing of the kind about iptables-legacy and ipset; there the period
 * counts.
 *
 * <p>The listener runs on the monitor's own daemon thread and hears the names of the processes, at
 * most 15 characters each; what happened meanwhile comes as one call. Kubernetes' own programs
 * change rules often, so whoever listens should not resync more often than it can afford. It must
 * not throw: an exception goes to the thread's handler and ends the monitor.
 */
public final class RulesMonitor implements AutoCloseable {
    /** What the listener hears when notifications were lost, or a kernel does not tell the name. */
    public static final String UNKNOWN = "unknown";

    private static final int NFNLGRP_NFTABLES = 7;

    /** {@code NFNL_SUBSYS_NFTABLES} and {@code NFT_MSG_NEWGEN}: a transaction was committed. */
    private static final int NEW_GENERATION = 10 << 8 | 15;

    /** {@code struct nfgenmsg}. */
    private static final int HEADER = 4;

    private static final int NFTA_GEN_PROC_NAME = 3;

    /** {@code TASK_COMM_LEN} less the final zero. */
    private static final int NAME_LENGTH = 15;

    private static final Set<String> OUR_PROGRAMS =
            Set.of(ourProgram(IpFamily.IPV4), ourProgram(IpFamily.IPV6));

    private final NetlinkSubscription subscription;
    private final StopSignal stop;
    private final Consumer<Set<String>> listener;
    private final Thread thread;
    private final AtomicBoolean closed = new AtomicBoolean();

    private RulesMonitor(
            NetlinkSubscription subscription, StopSignal stop, Consumer<Set<String>> listener) {
        this.subscription = subscription;
        this.stop = stop;
        this.listener = listener;
        this.thread = Thread.ofPlatform().daemon().name("rules-monitor").unstarted(this::run);
    }

    /**
     * By this name the driver calls the program, and others hardly ever: they say {@code
     * iptables-restore}. A process number would not do, since the kernel tells that of the machine,
     * and a container sees others.
     */
    private static String ourProgram(IpFamily family) {
        return IptablesMode.NFT.restoreProgram(family).substring(0, NAME_LENGTH);
    }

    /** Subscribes in the calling thread's namespace; nothing is missed from here on. */
    public static RulesMonitor open(Consumer<Set<String>> listener) throws LinuxException {
        NetlinkSubscription subscription = NetlinkSubscription.openNetfilter(NFNLGRP_NFTABLES);
        try {
            return new RulesMonitor(subscription, StopSignal.create(), listener);
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
                Set<String> names = drain();
                if (!names.isEmpty()) {
                    listener.accept(names);
                }
            }
        } catch (LinuxException e) {
            throw new IllegalStateException("the rules monitor ends: " + e.getMessage(), e);
        }
    }

    private Set<String> drain() throws LinuxException {
        Set<String> names = new LinkedHashSet<>();
        boolean more = true;
        while (more) {
            try {
                var messages = subscription.poll();
                for (NetlinkMessage message : messages) {
                    add(names, message);
                }
                more = !messages.isEmpty();
            } catch (LinuxException e) {
                if (!e.errno().equals(Errno.ENOBUFS)) {
                    throw e;
                }
                names.add(UNKNOWN);
            }
        }
        return names;
    }

    private static void add(Set<String> names, NetlinkMessage message) throws LinuxException {
        if (message.type() != NEW_GENERATION) {
            return;
        }
        String name = message.attributes(HEADER).text(NFTA_GEN_PROC_NAME);
        if (!OUR_PROGRAMS.contains(name)) {
            names.add(name.isEmpty() ? UNKNOWN : name);
        }
    }

    /** Stops the thread and waits for it. Not to be called by the listener. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stop.raise();
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
        subscription.close();
        stop.close();
    }
}
