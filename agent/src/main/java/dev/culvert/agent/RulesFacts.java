package dev.culvert.agent;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.trace.RulesLookup;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What this node's rules do, from what they are made of. Any thread. */
record RulesFacts(NodeSynchronization node, Supplier<AgentConfig> config) implements RulesLookup {

    @Override
    public @Nullable PolicyVerdict verdict(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
        return node.verdict(from, to, protocol, port);
    }

    @Override
    public boolean isMasqueraded(InetAddress destination) {
        AgentConfig current = config.get();
        ClusterView view = node.loop().view();
        boolean ofNode = view != null && view.everywhere().nodes().contains(destination);
        Stream<Cidr> configured =
                Stream.concat(
                        current.clusterCidrs().stream(),
                        current.rules().nonMasqueradeCidrs().stream());
        return current.rules().masquerade()
                && !ofNode
                && configured.noneMatch(each -> each.contains(destination));
    }
}
