package dev.culvert.agent.policy;

import dev.culvert.iptables.Protocol;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decides about single connections, without rules and sets. The sync thread's only. */
final class Verdicts {
    private final PolicyState state;

    Verdicts(PolicyState state) {
        this.state = state;
    }

    /** One connection; the protocol is null if it has no ports. */
    private record Connection(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {

        InetAddress own(Direction direction) {
            return direction == Direction.INGRESS ? to : from;
        }

        InetAddress other(Direction direction) {
            return direction == Direction.INGRESS ? from : to;
        }
    }

    PolicyVerdict verdict(InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
        if (from.equals(to)) {
            return new PolicyVerdict(true, "a pod always reaches itself", List.of());
        }
        Connection connection = new Connection(from, to, protocol, port);
        PolicyVerdict leaves = verdict(connection, Direction.EGRESS);
        if (!leaves.allowed()) {
            return leaves;
        }
        PolicyVerdict enters = verdict(connection, Direction.INGRESS);
        return enters.allowed() ? both(leaves, enters) : enters;
    }

    private static PolicyVerdict both(PolicyVerdict leaves, PolicyVerdict enters) {
        List<String> policies =
                Stream.concat(leaves.policies().stream(), enters.policies().stream())
                        .distinct()
                        .toList();
        String reason =
                Stream.of(leaves.reason(), enters.reason())
                        .distinct()
                        .collect(Collectors.joining("; "));
        return new PolicyVerdict(true, reason, policies);
    }

    private PolicyVerdict verdict(Connection connection, Direction direction) {
        for (String key : state.keysAt(connection.own(direction))) {
            LocalPod pod = state.local(key);
            if (pod != null && pod.addresses().contains(connection.own(direction))) {
                PolicyVerdict verdict = verdict(pod, connection, direction);
                if (!verdict.allowed() || !verdict.policies().isEmpty()) {
                    return verdict;
                }
            }
        }
        return new PolicyVerdict(true, "no policy of this node is about it", List.of());
    }

    private PolicyVerdict verdict(LocalPod pod, Connection connection, Direction direction) {
        String way = direction == Direction.INGRESS ? "ingress to " : "egress from ";
        if (!state.isKnown(pod.key())) {
            return new PolicyVerdict(
                    !state.hasPolicies(pod.namespace()),
                    way + pod.key() + ": the pod's labels are not known yet",
                    List.of());
        }
        List<NetworkPolicyInfo> policies = state.policiesFor(pod.key(), direction);
        List<String> allowing =
                policies.stream()
                        .filter(policy -> allows(policy, connection, direction))
                        .map(NetworkPolicyInfo::key)
                        .toList();
        if (!allowing.isEmpty()) {
            return new PolicyVerdict(
                    true,
                    way + pod.key() + " is allowed by " + String.join(", ", allowing),
                    allowing);
        }
        List<String> keys = policies.stream().map(NetworkPolicyInfo::key).toList();
        return new PolicyVerdict(
                keys.isEmpty(),
                way + pod.key() + " is allowed by none of " + String.join(", ", keys),
                keys);
    }

    private boolean allows(NetworkPolicyInfo policy, Connection connection, Direction direction) {
        return policy.spec().rules(direction).stream()
                .anyMatch(
                        rule ->
                                peers(policy, rule, connection.other(direction))
                                        && ports(rule, connection));
    }

    private boolean peers(NetworkPolicyInfo policy, PolicyRule rule, InetAddress address) {
        return rule.peers().isEmpty()
                || rule.peers().stream().anyMatch(peer -> isPeer(policy, peer, address));
    }

    private boolean isPeer(NetworkPolicyInfo policy, PolicyPeer peer, InetAddress address) {
        return switch (peer) {
            case PolicyPeer.Block block ->
                    block.block().contains(address)
                            && block.except().stream().noneMatch(hole -> hole.contains(address));
            case PolicyPeer.Pods pods -> {
                PodSelection selection = PodSelection.of(policy.namespace(), pods);
                yield at(address).anyMatch(pod -> selection.matches(pod, state));
            }
        };
    }

    private boolean ports(PolicyRule rule, Connection connection) {
        return rule.ports().isEmpty()
                || rule.ports().stream().anyMatch(port -> isPort(port, connection));
    }

    private boolean isPort(PolicyPort wanted, Connection connection) {
        if (wanted.protocol() != connection.protocol()) {
            return false;
        }
        int port = connection.port();
        return wanted.name() == null
                ? wanted.isAll() || (wanted.first() <= port && port <= wanted.last())
                : at(connection.to())
                        .flatMap(pod -> pod.ports().stream())
                        .anyMatch(
                                each ->
                                        each.name().equals(wanted.name())
                                                && each.protocol() == wanted.protocol()
                                                && each.port() == port);
    }

    /** The pods that selectors may find at an address. */
    private Stream<PolicyPod> at(InetAddress address) {
        return state.keysAt(address).stream()
                .map(state::pod)
                .filter(Objects::nonNull)
                .filter(PolicyPod::isPeer)
                .filter(pod -> state.addresses(pod).contains(address));
    }
}
