package dev.culvert.agent.rules;

import dev.culvert.agent.config.RulesConfig;
import dev.culvert.iptables.Chain;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Protocol;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pods' packets that leave the cluster take the node's address. Those between pods, and those
 * between pods and nodes, keep theirs. The sync thread's only.
 *
 * <p>The chain stands behind kube-proxy's, and leaves to it what it marked for itself.
 */
public final class Masquerade implements RulePart {
    private static final String CHAIN = "CULVERT-MASQ";
    private static final String KUBE_CHAIN = "KUBE-POSTROUTING";

    /** {@code --iptables-masquerade-bit} of kube-proxy, by default the 14th. */
    private static final int KUBE_MARK = 0x4000;

    /** What it depends on. */
    private record Input(
            RulesConfig config,
            String bridge,
            String tunnel,
            int port,
            List<Cidr> podRanges,
            boolean hasPorts) {
        static Input of(RulesNode node) {
            return new Input(
                    node.config().rules(),
                    node.config().bridge(),
                    node.config().tunnel(),
                    node.config().port(),
                    node.podRanges(),
                    node.hasPorts());
        }
    }

    private @Nullable Input rendered;
    private @Nullable PacketFilter into;

    /** Has said nothing yet. */
    public Masquerade() {}

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        Input input = Input.of(node);
        if (filter == into && input.equals(rendered)) {
            return;
        }
        node.families().forEach(family -> render(node, family, filter));
        rendered = input;
        into = filter;
    }

    private static void render(RulesNode node, IpFamily family, PacketFilter filter) {
        Table table = filter.table(family, TableName.NAT);
        List<Rule> jumps = new ArrayList<>();
        if (node.hasPorts()) {
            jumps.add(Rule.matching().jump(HostPorts.MASQUERADE_CHAIN));
        }
        if (node.config().rules().masquerade()) {
            table.setChain(new Chain(CHAIN, rules(node, family)));
            jumps.add(Rule.matching().jump(CHAIN));
        } else {
            table.removeChain(CHAIN);
        }
        table.setRules("POSTROUTING", Place.after(KUBE_CHAIN), jumps);
    }

    private static List<Rule> rules(RulesNode node, IpFamily family) {
        List<Rule> rules =
                new ArrayList<>(
                        List.of(
                                Rule.matching()
                                        .mark(KUBE_MARK, KUBE_MARK)
                                        .comment("kube-proxy's")
                                        .goBack(),
                                Rule.matching()
                                        .outInterface(node.config().bridge())
                                        .comment("to a pod of this node")
                                        .goBack(),
                                Rule.matching()
                                        .outInterface(node.config().tunnel())
                                        .comment("to a pod of another node")
                                        .goBack(),
                                Rule.matching()
                                        .protocol(Protocol.UDP)
                                        .destinationPort(node.config().port())
                                        .sourceLocal()
                                        .comment("the overlay's own")
                                        .goBack(),
                                Rule.matching()
                                        .destinationInSet(ClusterSets.cluster(family))
                                        .comment("keeps its address there")
                                        .goBack(),
                                Rule.matching()
                                        .destinationInSet(ClusterSets.nodes(family))
                                        .comment("to a node")
                                        .goBack()));
        boolean random = node.config().rules().masqueradeRandomFully();
        for (Cidr range : node.podRanges(family)) {
            rules.add(Rule.matching().source(range).masquerade(random));
        }
        return rules;
    }
}
