package dev.culvert.agent.rules;

import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.SetMember;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The sets that other parts ask for: where pods keep their addresses, and all nodes. The sync
 * thread's only.
 */
public final class ClusterSets implements RulePart {

    /** What they depend on. */
    private record Input(
            List<Cidr> nonMasqueradeCidrs,
            List<Cidr> clusterCidrs,
            List<Cidr> podRanges,
            ClusterAddresses cluster) {
        static Input of(RulesNode node) {
            return new Input(
                    node.config().rules().nonMasqueradeCidrs(),
                    node.config().clusterCidrs(),
                    node.podRanges(),
                    node.cluster());
        }
    }

    private @Nullable Input rendered;
    private @Nullable PacketFilter into;

    /** Has said nothing yet. */
    public ClusterSets() {}

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        Input input = Input.of(node);
        if (filter == into && input.equals(rendered)) {
            return;
        }
        for (IpFamily family : node.families()) {
            filter.sets().setIpSet(cluster(input, family));
            filter.sets().setIpSet(nodes(input, family));
        }
        rendered = input;
        into = filter;
    }

    /** Ranges within the configured ones need no member of their own. */
    private static IpSet cluster(Input input, IpFamily family) {
        Set<Cidr> ranges = new HashSet<>(input.cluster().podRanges());
        ranges.addAll(input.podRanges());
        ranges.removeIf(
                range -> input.clusterCidrs().stream().anyMatch(each -> each.contains(range)));
        ranges.addAll(input.clusterCidrs());
        ranges.addAll(input.nonMasqueradeCidrs());
        return new IpSet(
                cluster(family),
                IpSet.Type.NET,
                family,
                ranges.stream()
                        .filter(range -> range.family() == family)
                        .map(SetMember::of)
                        .collect(Collectors.toSet()));
    }

    private static IpSet nodes(Input input, IpFamily family) {
        return new IpSet(
                nodes(family),
                IpSet.Type.IP,
                family,
                input.cluster().nodes().stream()
                        .filter(address -> IpFamily.of(address) == family)
                        .map(SetMember::of)
                        .collect(Collectors.toSet()));
    }

    /** Destinations for which pods keep their addresses: all pods, and what is configured. */
    static String cluster(IpFamily family) {
        return "CULVERT-CLUSTER-" + number(family);
    }

    /** The addresses of all nodes. */
    static String nodes(IpFamily family) {
        return "CULVERT-NODES-" + number(family);
    }

    private static int number(IpFamily family) {
        return family == IpFamily.IPV4 ? 4 : 6;
    }
}
