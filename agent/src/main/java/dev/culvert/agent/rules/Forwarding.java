package dev.culvert.agent.rules;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.net.IpFamily;
import java.util.List;

/**
 * Lets pods' packets through a node whose policy for forwarding is DROP, as Docker's is. The chain
 * stands behind everybody else's rules, so that what these drop stays dropped. The sync thread's
 * only.
 */
public final class Forwarding implements RulePart {
    private static final String CHAIN = "CULVERT-FORWARD";

    /** Has said nothing yet. */
    public Forwarding() {}

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        String bridge = node.config().bridge();
        for (IpFamily family : node.families()) {
            Table table = filter.table(family, TableName.FILTER);
            table.setChain(
                    Chain.of(
                            CHAIN,
                            Rule.matching().inInterface(bridge).comment("from a pod").accept(),
                            Rule.matching().outInterface(bridge).comment("to a pod").accept()));
            table.setRules("FORWARD", Place.LAST, List.of(Rule.matching().jump(CHAIN)));
        }
    }
}
