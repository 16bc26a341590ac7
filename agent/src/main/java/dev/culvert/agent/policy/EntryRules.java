package dev.culvert.agent.policy;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.RuleBuilder;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The chain in which every forwarded packet begins. Pure, any thread. */
final class EntryRules {
    /** Its name. */
    static final String CHAIN = "CULVERT-POLICY";

    /** Neighbour solicitation and advertisement, RFC 4861: the bridge's ports need them. */
    private static final List<String> NEIGHBOUR_DISCOVERY = List.of("135", "136");

    private EntryRules() {}

    /**
     * What belongs to a connection that was allowed passes, which is nearly everything. Then the
     * sender's policies decide, then the receiver's.
     */
    static Chain chain(IpFamily family, Set<String> others) {
        List<Rule> rules = new ArrayList<>();
        rules.add(Rule.matching().connectionState("ESTABLISHED", "RELATED").goBack());
        if (family == IpFamily.IPV6) {
            for (String type : NEIGHBOUR_DISCOVERY) {
                rules.add(
                        Rule.matching()
                                .match("-p", "icmpv6", "-m", "icmp6", "--icmpv6-type", type)
                                .goBack());
            }
        }
        for (Direction direction : List.of(Direction.EGRESS, Direction.INGRESS)) {
            String root = AddressTree.rootName(direction);
            if (others.contains(root)) {
                rules.add(answer(direction, family));
            }
        }
        for (Direction direction : List.of(Direction.EGRESS, Direction.INGRESS)) {
            String root = AddressTree.rootName(direction);
            if (others.contains(root)) {
                rules.add(Rule.matching().jump(root));
            }
        }
        return new Chain(CHAIN, rules);
    }

    /** The set of the addresses that are isolated in one direction. */
    static String isolatedSet(Direction direction, IpFamily family) {
        return "CULVERT-ISOLATED-%s-%d"
                .formatted(
                        direction == Direction.INGRESS ? "IN" : "OUT",
                        family == IpFamily.IPV4 ? 4 : 6);
    }

    /**
     * The answer to a connection that was cut: it would begin a new one the other way round, which
     * may be allowed, and the old one would go on in it.
     */
    private static Rule answer(Direction direction, IpFamily family) {
        String set = isolatedSet(direction, family);
        RuleBuilder rule = Rule.matching().match("-p", "tcp", "-m", "tcp", "!", "--syn");
        return direction == Direction.INGRESS
                ? rule.sourceInSet(set).comment("answer without a connection").drop()
                : rule.destinationInSet(set).comment("answer without a connection").drop();
    }
}
