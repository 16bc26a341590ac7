package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What follows from all events so far, for this node. Immutable, any thread.
 *
 * @param self this node's object, or null while there is none
 * @param podCidrs this node's ranges; empty when {@code problem} is not
 * @param problem why this node cannot take part, a sentence; empty when it can
 * @param leases what the other nodes own and where they are, by name
 * @param warnings what is wrong with other nodes, a sentence each
 * @param pods this node's pods by namespace/name
 * @param podsListed whether those are all: before, one that is missing may exist all the same
 */
public record ClusterView(
        @Nullable NodeInfo self,
        List<Cidr> podCidrs,
        String problem,
        List<SubnetLease> leases,
        List<String> warnings,
        Map<String, PodInfo> pods,
        boolean podsListed) {

    /** Copies the collections. */
    public ClusterView {
        podCidrs = List.copyOf(podCidrs);
        leases = List.copyOf(leases);
        warnings = List.copyOf(warnings);
        pods = Map.copyOf(pods);
    }
}
