package dev.culvert.bench.rules;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Protocol;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.SetMember;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Rules as a node with many pods and policies has them: a chain for each pod, which asks sets, and
 * one that leads to all of these. Immutable, any thread.
 *
 * @param rules how many rules, about
 * @param sets how many sets, of 50 members each
 */
record RuleLoad(int rules, int sets) {
    private static final int RULES_PER_CHAIN = 20;
    private static final int MEMBERS = 50;
    private static final String ENTRY = "CULVERT-FORWARD";

    /** Each chain has its rules and the one that leads to it. */
    int chains() {
        return rules / (RULES_PER_CHAIN + 1);
    }

    /** Says what should be. */
    void desire(PacketFilter filter) {
        for (int set = 0; set < sets; set++) {
            filter.sets()
                    .setIpSet(new IpSet(setName(set), IpSet.Type.IP, IpFamily.IPV4, members(set)));
        }
        Table table = filter.table(IpFamily.IPV4, TableName.FILTER);
        List<Rule> jumps = new ArrayList<>();
        for (int chain = 0; chain < chains(); chain++) {
            table.setChain(chain(chain, 0));
            jumps.add(Rule.matching().outInterface("cv" + chain).jump(chainName(chain)));
        }
        table.setChain(new Chain(ENTRY, jumps));
        table.setRules("FORWARD", Place.FIRST, List.of(Rule.matching().jump(ENTRY)));
    }

    /** A pod's chain; one rule of it depends on {@code version}. */
    Chain chain(int number, int version) {
        List<Rule> list = new ArrayList<>();
        for (int i = 0; i < RULES_PER_CHAIN; i++) {
            int port = i == RULES_PER_CHAIN / 2 ? 30_000 + version : 1 + i;
            list.add(
                    Rule.matching()
                            .protocol(Protocol.TCP)
                            .destinationPort(port)
                            .sourceInSet(setName((number * RULES_PER_CHAIN + i) % sets))
                            .comment("pod default/web-" + number)
                            .accept());
        }
        return new Chain(chainName(number), list);
    }

    private static String chainName(int number) {
        return "CULVERT-POD-" + number;
    }

    /** The name of a set, from 0. */
    static String setName(int number) {
        return "CULVERT-SET-" + number;
    }

    private static Set<SetMember> members(int set) {
        Set<SetMember> members = new HashSet<>();
        for (int i = 0; i < MEMBERS; i++) {
            members.add(member(set * MEMBERS + i));
        }
        return members;
    }

    /** Some address. */
    static SetMember member(int number) {
        return SetMember.of(Cidr.parse("10.0.0.0/8").address(number + 1));
    }
}
