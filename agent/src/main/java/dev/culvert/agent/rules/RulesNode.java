package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What rules are made of: the node as it is in this round. Immutable.
 *
 * @param config the current one
 * @param podRanges this node's pod ranges, the present ones and earlier ones that pods live in
 * @param cluster the pod ranges and addresses of all nodes
 * @param pods this node's pods, those that are being attached too
 */
public record RulesNode(
        AgentConfig config, List<Cidr> podRanges, ClusterAddresses cluster, List<LocalPod> pods) {

    /** Copies the lists. */
    public RulesNode {
        podRanges = List.copyOf(podRanges);
        pods = List.copyOf(pods);
    }

    /** The families in which there are pods here. */
    public Set<IpFamily> families() {
        Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
        podRanges.forEach(range -> families.add(range.family()));
        return families;
    }

    /** This node's pod ranges of a family. */
    public List<Cidr> podRanges(IpFamily family) {
        return podRanges.stream().filter(range -> range.family() == family).toList();
    }

    /** Whether ports of the node lead to pods. */
    public boolean hasPorts() {
        return pods.stream().anyMatch(pod -> !pod.ports().isEmpty());
    }
}
