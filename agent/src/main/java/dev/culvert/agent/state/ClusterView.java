package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What follows from all events so far, for this node. Immutable, any thread.
 *
 * @param self this node's object, or null while there is none
 * @param podCidrs this node's ranges; empty when {@code problem} is not
 * @param problem why this node cannot take part, a sentence; empty when it can
 * @param leases what the other nodes own and where they are, by name
 * @param everywhere the pod ranges and addresses of all nodes, with or without an agent
 * @param warnings what is wrong with other nodes, a sentence each
 * @param conflicts nodes that claim the same
 * @param pods this node's pods by namespace/name
 * @param podsListed whether those are all: before, one that is missing may exist all the same
 */
public record ClusterView(
        @Nullable NodeInfo self,
        List<Cidr> podCidrs,
        String problem,
        List<SubnetLease> leases,
        ClusterAddresses everywhere,
        List<String> warnings,
        List<Conflict> conflicts,
        Map<String, PodInfo> pods,
        boolean podsListed) {

    /** Copies the collections. */
    public ClusterView {
        podCidrs = List.copyOf(podCidrs);
        leases = List.copyOf(leases);
        warnings = List.copyOf(warnings);
        conflicts = List.copyOf(conflicts);
        pods = Map.copyOf(pods);
    }

    /**
     * Whether this node, as it is in Kubernetes, and its ranges are the same as in another view.
     */
    public boolean isSameNodeAs(ClusterView other) {
        return Objects.equals(self, other.self)
                && podCidrs.equals(other.podCidrs)
                && problem.equals(other.problem)
                && lost(Conflict.Kind.ADDRESS).equals(other.lost(Conflict.Kind.ADDRESS));
    }

    /** The conflict that leaves this node out, if there is one. */
    public Optional<Conflict> lost(Conflict.Kind kind) {
        return conflicts.stream()
                .filter(each -> each.kind() == kind)
                .filter(each -> self != null && each.loser().equals(self.name()))
                .findFirst();
    }
}
