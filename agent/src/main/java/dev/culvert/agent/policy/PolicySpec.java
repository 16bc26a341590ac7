package dev.culvert.agent.policy;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * What a policy asks for. Immutable, any thread.
 *
 * @param pods those of the policy's namespace that it is about
 * @param directions in which only that passes to or from them which some policy allows
 * @param ingress what this policy allows to them
 * @param egress what this policy allows from them
 */
public record PolicySpec(
        LabelSelector pods,
        Set<Direction> directions,
        List<PolicyRule> ingress,
        List<PolicyRule> egress) {
    /** Copies the collections. */
    public PolicySpec {
        directions = Set.copyOf(directions);
        ingress = List.copyOf(ingress);
        egress = List.copyOf(egress);
    }

    /** The rules of one direction; none if the policy is not about it. */
    public List<PolicyRule> rules(Direction direction) {
        if (!directions.contains(direction)) {
            return List.of();
        }
        return direction == Direction.INGRESS ? ingress : egress;
    }

    /** Lets nothing through in these directions. */
    static PolicySpec isolating(LabelSelector pods, Collection<Direction> directions) {
        return new PolicySpec(pods, Set.copyOf(directions), List.of(), List.of());
    }
}
