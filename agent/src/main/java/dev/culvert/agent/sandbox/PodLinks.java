package dev.culvert.agent.sandbox;

import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The size of packets of the pods that run already: both ends of their veth pairs and the routes in
 * their namespaces follow the node's MTU. One thread's, in the node's namespace.
 *
 * <p>The node's end has the size that was last applied, so pods that need work are found without
 * entering them. Only what another process may have left half done is looked at from inside: each
 * pod once.
 */
public final class PodLinks {
    private static final Logger LOG = LogManager.getLogger(PodLinks.class);

    private final Rtnetlink node;
    private final Sandboxes sandboxes;
    private final Map<Integer, Integer> settled = new HashMap<>();
    private boolean saidThatPodsAreOutOfReach;

    /**
     * What a round did.
     *
     * @param changed how many pods have another size now
     * @param repaired how many of them had the right one until somebody else changed it
     */
    public record Resized(int changed, int repaired) {}

    /**
     * @param node the node's namespace; stays open
     * @param sandboxes the way into the pods' namespaces
     */
    public PodLinks(Rtnetlink node, Sandboxes sandboxes) {
        this.node = node;
        this.sandboxes = sandboxes;
    }

    /**
     * Makes packets of {@code mtu} bytes the largest of all pods, as far as they can be reached.
     *
     * @param gsoMaxSize bytes of the largest super-packet that fits this size
     * @return how many pods were changed
     */
    public Resized resize(int mtu, int gsoMaxSize) throws IOException {
        List<Link> hosts =
                node.links().stream()
                        .filter(link -> link.kind().equals("veth"))
                        .filter(link -> Attachment.isHostVeth(link.name()))
                        // The end comes up last, when the pod's side is complete.
                        .filter(Link::up)
                        .toList();
        settled.keySet().retainAll(hosts.stream().map(Link::index).toList());
        int changed = 0;
        int repaired = 0;
        for (Link host : hosts) {
            Integer before = settled.get(host.index());
            if (host.mtu() != mtu || before == null) {
                repaired += before != null && before == mtu ? 1 : 0;
                changed += resize(host, mtu, gsoMaxSize) ? 1 : 0;
            }
        }
        return new Resized(changed, repaired);
    }

    private boolean resize(Link host, int mtu, int gsoMaxSize) throws IOException {
        boolean inside = inside(host, mtu, gsoMaxSize);
        boolean outside = host.mtu() != mtu;
        if (outside) {
            node.changeLink(host.index(), LinkChange.NONE.withMtu(mtu));
        }
        settled.put(host.index(), mtu);
        return inside || outside;
    }

    /** Without it a pod learns the size from ICMP errors, one destination after the other. */
    private boolean inside(Link host, int mtu, int gsoMaxSize) {
        try {
            return sandboxes.callPeerOf(
                    host.name(),
                    pod -> {
                        Optional<Link> link = podEnd(pod.rtnetlink(), host);
                        return link.isPresent()
                                && resize(pod.rtnetlink(), link.get(), mtu, gsoMaxSize);
                    });
        } catch (IOException e) {
            if (!saidThatPodsAreOutOfReach) {
                saidThatPodsAreOutOfReach = true;
                LOG.warn(
                        "a running pod cannot be told of the MTU, and learns it from ICMP"
                                + " link={} mtu={}: {}",
                        host.name(),
                        mtu,
                        e.getMessage());
            }
            return false;
        }
    }

    private static Optional<Link> podEnd(Rtnetlink pod, Link host) throws IOException {
        return pod.links().stream()
                .filter(link -> link.kind().equals("veth"))
                .filter(link -> link.index() == host.peerIndex())
                .findFirst();
    }

    /** The link first when packets may grow, the routes first when they must shrink. */
    private static boolean resize(Rtnetlink pod, Link link, int mtu, int gsoMaxSize)
            throws IOException {
        if (link.mtu() < mtu) {
            pod.changeLink(link.index(), LinkChange.NONE.withMtu(mtu));
        }
        boolean routes = routes(pod, link.index(), mtu);
        if (link.mtu() > mtu) {
            pod.changeLink(link.index(), LinkChange.NONE.withMtu(mtu));
        }
        if (link.mtu() != mtu) {
            limitSuperPackets(pod, link, gsoMaxSize);
        }
        return routes || link.mtu() != mtu;
    }

    /** A matter of speed alone, which not every kernel knows. */
    private static void limitSuperPackets(Rtnetlink pod, Link link, int bytes) {
        try {
            pod.changeLink(link.index(), LinkChange.NONE.withGsoMaxSize(bytes));
        } catch (IOException e) {
            LOG.debug("the kernel does not limit a pod's super-packets bytes={}", bytes, e);
        }
    }

    /** Routes that name a size are ours, or follow ours. */
    private static boolean routes(Rtnetlink pod, int linkIndex, int mtu) throws IOException {
        boolean changed = false;
        for (Route route : pod.routes()) {
            if (route.linkIndex() == linkIndex
                    && route.protocol() == Route.PROTOCOL_CULVERT
                    && route.mtu() != mtu) {
                pod.ensureRoute(route.withMtu(mtu));
                changed = true;
            }
        }
        return changed;
    }
}
