package dev.culvert.agent.policy;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.RuleBuilder;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What the policies of a group mean, as a chain: each condition that lets a packet through returns,
 * and what is left is dropped. Pure, any thread.
 */
final class GroupRules {
    private final Group group;
    private final IpFamily family;

    /** Asks for the name of a set, which has to be there then. */
    private final SetNames names;

    private GroupRules(Group group, IpFamily family, SetNames names) {
        this.group = group;
        this.family = family;
        this.names = names;
    }

    /** Knows under which name a set is. */
    @FunctionalInterface
    interface SetNames {
        String of(SetKey key, IpFamily family);
    }

    /** The chain of a group in one address family. */
    static Chain chain(Group group, IpFamily family, SetNames names) {
        return new GroupRules(group, family, names).chain();
    }

    /** The sets that the chains of a group ask for. */
    static Set<SetKey> sets(Group group) {
        Set<SetKey> keys = new LinkedHashSet<>();
        for (IpFamily family : IpFamily.values()) {
            chain(
                    group,
                    family,
                    (key, _) -> {
                        keys.add(key);
                        return "any";
                    });
        }
        return keys;
    }

    private Chain chain() {
        List<Rule> rules = new ArrayList<>();
        for (NetworkPolicyInfo policy : group.policies()) {
            for (PolicyRule rule : policy.spec().rules(group.direction())) {
                rules(policy, rule, rules);
            }
        }
        rules.add(Rule.matching().drop());
        return new Chain(group.chainName(), rules.stream().distinct().toList());
    }

    private void rules(NetworkPolicyInfo policy, PolicyRule rule, List<Rule> into) {
        List<@Nullable PolicyPeer> peers = new ArrayList<>(rule.peers());
        List<@Nullable PolicyPort> ports = new ArrayList<>(rule.ports());
        if (peers.isEmpty()) {
            peers.add(null);
        }
        if (ports.isEmpty()) {
            ports.add(null);
        }
        for (PolicyPeer peer : peers) {
            for (PolicyPort port : ports) {
                if (isPossible(peer)) {
                    RuleBuilder builder = Rule.matching().comment(policy.key());
                    RuleBuilder onPort = port(policy, peer, port).apply(builder);
                    into.add(peer(policy, peer, port).apply(onPort).goBack());
                }
            }
        }
    }

    private boolean isPossible(@Nullable PolicyPeer peer) {
        return !(peer instanceof PolicyPeer.Block block) || block.block().family() == family;
    }

    private UnaryOperator<RuleBuilder> peer(
            NetworkPolicyInfo policy, @Nullable PolicyPeer peer, @Nullable PolicyPort port) {
        return switch (peer) {
            case null -> rule -> rule;
            case PolicyPeer.Pods pods -> pods(policy, pods, port);
            case PolicyPeer.Block block when block.except().isEmpty() ->
                    rule ->
                            isIngress()
                                    ? rule.source(block.block())
                                    : rule.destination(block.block());
            case PolicyPeer.Block block ->
                    rule -> inSet(rule, new SetKey.Block(block.block(), block.except()));
        };
    }

    /** Named ports of peers are a set by themselves, which holds the peers' addresses. */
    private UnaryOperator<RuleBuilder> pods(
            NetworkPolicyInfo policy, PolicyPeer.Pods peer, @Nullable PolicyPort port) {
        if (!isIngress() && port != null && port.name() != null) {
            return rule -> rule;
        }
        return rule -> inSet(rule, new SetKey.Pods(PodSelection.of(policy.namespace(), peer)));
    }

    private RuleBuilder inSet(RuleBuilder rule, SetKey key) {
        String name = names.of(key, family);
        return isIngress() ? rule.sourceInSet(name) : rule.destinationInSet(name);
    }

    private UnaryOperator<RuleBuilder> port(
            NetworkPolicyInfo policy, @Nullable PolicyPeer peer, @Nullable PolicyPort port) {
        if (port == null) {
            return rule -> rule;
        }
        String name = port.name();
        if (name != null) {
            SetKey key =
                    new SetKey.Ports(whosePorts(policy, peer), port.protocol(), name, isIngress());
            return rule -> rule.inSet(names.of(key, family), "dst,dst");
        }
        if (port.isAll()) {
            return rule -> rule.protocol(port.protocol());
        }
        return rule ->
                port.first() == port.last()
                        ? rule.protocol(port.protocol()).destinationPort(port.first())
                        : rule.protocol(port.protocol())
                                .destinationPorts(port.first(), port.last());
    }

    /** A name means a port of the pod that the traffic goes to. */
    private PodSelection whosePorts(NetworkPolicyInfo policy, @Nullable PolicyPeer peer) {
        if (isIngress()) {
            return PodSelection.about(policy);
        }
        return peer instanceof PolicyPeer.Pods pods
                ? PodSelection.of(policy.namespace(), pods)
                : PodSelection.ALL;
    }

    private boolean isIngress() {
        return group.direction() == Direction.INGRESS;
    }
}
