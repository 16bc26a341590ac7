package dev.culvert.agent.sandbox;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Rtnetlink;

/** The node's ends of attachments as ports of the node's bridge. Any thread. */
public final class BridgePorts {
    private final Rtnetlink node;

    /**
     * @param node the node's namespace; stays open
     */
    public BridgePorts(Rtnetlink node) {
        this.node = node;
    }

    /** Makes a veth a port, and lets frames through it: the last step of an attachment. */
    void join(Link veth, Link bridge) throws LinuxException {
        node.changeLink(veth.index(), LinkChange.NONE.withMaster(bridge.index()));
        node.changeLink(veth.index(), LinkChange.NONE.withHairpin(true).withUp(true));
    }

    /**
     * Puts attachments back that are no ports of {@code bridge} any more, as when somebody deleted
     * the bridge or moved them. One that is still being made is not up yet, and is left alone.
     *
     * @return how many
     */
    public int rejoin(Link bridge) throws LinuxException {
        int joined = 0;
        for (Link link : node.links()) {
            if (isAttached(link)
                    && link.masterIndex() != bridge.index()
                    && rejoined(link, bridge)) {
                joined++;
            }
        }
        return joined;
    }

    private static boolean isAttached(Link link) {
        return link.kind().equals("veth")
                && link.up()
                && !link.alias().isEmpty()
                && Attachment.isHostVeth(link.name());
    }

    /** A pod that ends just now takes its veth with it. */
    private boolean rejoined(Link veth, Link bridge) throws LinuxException {
        try {
            join(veth, bridge);
            return true;
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.ENODEV) && node.link(veth.name()).isEmpty()) {
                return false;
            }
            throw e;
        }
    }
}
