package dev.culvert.agent.sync;

import java.util.Locale;

/** What of the kernel's state others change and the agent puts right; labels are a contract. */
public enum RepairKind {
    /** A route into the tunnel. */
    ROUTE,
    /** An address of the bridge or the tunnel. */
    ADDRESS,
    /** The MTU, the hardware address or the state of the bridge or the tunnel. */
    LINK,
    /** The bridge itself, which was deleted. */
    BRIDGE,
    /** The TUN device, which was deleted. */
    TUNNEL,
    /** A pod's interface that was no port of the bridge any more. */
    PORT,
    /** The MTU of a pod's interface. */
    POD,
    /** A file below {@code /proc/sys}. */
    SYSCTL,
    /** A chain or a set of the packet filter. */
    RULES;

    /** As a metric's label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
