package dev.culvert.agent.policy;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Local pods that the same policies are about in one direction: they share a chain. Immutable.
 *
 * @param direction which way
 * @param policies by key; none for pods whose labels are not known, to which nothing is allowed
 */
record Group(Direction direction, List<NetworkPolicyInfo> policies) {

    /** The name of its chain, the same for the same policies whatever they say. */
    String chainName() {
        String keys =
                policies.stream().map(NetworkPolicyInfo::key).collect(Collectors.joining("\n"));
        String way = direction == Direction.INGRESS ? "IN" : "OUT";
        return "CULVERT-" + way + "-" + Identities.hash(keys);
    }
}
