package dev.culvert.agent.state;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What we use of a Node object. Immutable.
 *
 * @param name its name
 * @param uid another one after the node was deleted and came again
 * @param created when, as the API writes it; decides who keeps a range that two nodes claim
 * @param internalIps its addresses of type InternalIP
 * @param podCidrs {@code spec.podCIDRs} as written, unchecked
 * @param vtep what its agent announced, or null
 * @param own more, of this node's own object only; else null
 */
public record NodeInfo(
        String name,
        String uid,
        String created,
        List<InetAddress> internalIps,
        List<String> podCidrs,
        @Nullable VtepAnnouncement vtep,
        @Nullable OwnNode own) {

    /** Copies the lists. */
    public NodeInfo {
        internalIps = List.copyOf(internalIps);
        podCidrs = List.copyOf(podCidrs);
    }

    /** Another node's. */
    public NodeInfo(
            String name,
            String uid,
            String created,
            List<InetAddress> internalIps,
            List<String> podCidrs,
            @Nullable VtepAnnouncement vtep) {
        this(name, uid, created, internalIps, podCidrs, vtep, null);
    }
}
