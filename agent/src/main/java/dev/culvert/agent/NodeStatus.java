package dev.culvert.agent;

import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.kube.NodeWatch;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.sync.PolicyProgress;
import dev.culvert.agent.sync.RepairKind;
import dev.culvert.agent.sync.SyncStats;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How this node is, asked of all parts at the moment of the question. Any thread. */
final class NodeStatus {
    private final String nodeName;
    private final AgentParts parts;
    private final NodeObservation observation;
    private final ConfigWatch configuration;
    private final RecentChanges changes;
    private final Supplier<? extends @Nullable VtepAnnouncement> vtep;
    private final Liveness liveness;

    NodeStatus(
            String nodeName,
            AgentParts parts,
            NodeObservation observation,
            ConfigWatch configuration,
            RecentChanges changes,
            Supplier<? extends @Nullable VtepAnnouncement> vtep) {
        this.nodeName = nodeName;
        this.parts = parts;
        this.observation = observation;
        this.configuration = configuration;
        this.changes = changes;
        this.vtep = vtep;
        this.liveness = new Liveness(parts);
    }

    /**
     * What readiness needs of the API and the kernel. A loss of the API after the start does not
     * end it, for packets flow without.
     */
    static Map<String, String> conditions(NodeSynchronization node, NodeWatch nodes) {
        Map<String, String> conditions = new LinkedHashMap<>();
        if (node.loop().view() == null) {
            String problem = nodes.problem();
            conditions.put(
                    "kubernetes",
                    problem.isEmpty() ? "the cluster's nodes are being listed" : problem);
        } else {
            conditions.put("kubernetes", "");
        }
        conditions.putAll(node.loop().problems());
        conditions.computeIfPresent(
                "rules", (_, problem) -> problem.isEmpty() ? node.missingRules() : problem);
        return conditions;
    }

    /** All that readiness needs. */
    Map<String, String> readiness() {
        return observation.with(conditions(parts.node(), parts.nodes()));
    }

    boolean isReady() {
        return readiness().values().stream().allMatch(String::isEmpty);
    }

    /** What must hold, or the agent should be started anew. */
    Map<String, String> liveness() {
        return liveness.conditions();
    }

    boolean isAlive() {
        return liveness().values().stream().allMatch(String::isEmpty);
    }

    StatusReport report() {
        NodeSynchronization node = parts.node();
        return new StatusSource(
                        nodeName,
                        readiness(),
                        liveness(),
                        warnings(),
                        vtep.get(),
                        node.network(),
                        node.loop().view(),
                        node.stats(),
                        node.features(),
                        observation.peers(),
                        parts.cni().leases(),
                        PolicyReports.of(node),
                        sync(node),
                        changes.list())
                .report();
    }

    /** A sentence, or nothing when all policies are in force. */
    private String policies() {
        PolicyProgress.Reached reached = parts.node().policies().reached();
        if (!reached.complete()) {
            return reached.consequence();
        }
        return reached.policies().stream()
                .filter(policy -> !policy.isUnderstood())
                .map(
                        policy ->
                                "the NetworkPolicy %s cannot be understood and isolates the pods that it is about: %s"
                                        .formatted(policy.key(), policy.problem()))
                .findFirst()
                .orElse("");
    }

    private List<String> warnings() {
        return Stream.of(
                        List.of(
                                parts.node().limitation(),
                                parts.node().retention(),
                                parts.nodes().problem(),
                                policies(),
                                parts.peers().warning(),
                                parts.publisher().problem()),
                        parts.files().problems(),
                        configuration.warnings(),
                        observation.warnings())
                .flatMap(List::stream)
                .filter(each -> !each.isEmpty())
                .toList();
    }

    private static StatusReport.SyncStatus sync(NodeSynchronization node) {
        SyncStats stats = node.loop().stats();
        Map<String, Long> repairs = new LinkedHashMap<>();
        for (RepairKind kind : RepairKind.values()) {
            repairs.put(kind.label(), node.repairs().count(kind));
        }
        return new StatusReport.SyncStatus(
                stats.dirty(), stats.lastSuccessMillis(), stats.failures(), repairs);
    }
}
