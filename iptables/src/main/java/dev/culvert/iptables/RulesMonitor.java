package dev.culvert.iptables;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkSubscription;
import dev.culvert.linux.netlink.NotificationThread;
import dev.culvert.net.IpFamily;
import java.util.Set;
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

    private final NotificationThread<String> thread;

    private RulesMonitor(NotificationThread<String> thread) {
        this.thread = thread;
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
        return new RulesMonitor(
                NotificationThread.of(
                        "rules-monitor", subscription, RulesMonitor::read, UNKNOWN, listener));
    }

    /** Begins to call the listener. */
    public void start() {
        thread.start();
    }

    private static void read(NetlinkMessage message, Set<String> names) throws LinuxException {
        if (message.type() != NEW_GENERATION) {
            return;
        }
        String name = message.attributes(HEADER).text(NFTA_GEN_PROC_NAME);
        if (!OUR_PROGRAMS.contains(name)) {
            names.add(name.isEmpty() ? UNKNOWN : name);
        }
    }

    /** Stops the thread and waits for it, unless the listener itself calls this. */
    @Override
    public void close() {
        thread.close();
    }
}
