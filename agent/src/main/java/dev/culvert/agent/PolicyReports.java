package dev.culvert.agent;

import dev.culvert.agent.policy.Direction;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.status.PolicyReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.sync.PolicyPart;
import dev.culvert.agent.sync.PolicyProgress;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Says what becomes of network policies here. Stateless, any thread. */
final class PolicyReports {
    private PolicyReports() {}

    /** As of the last round. */
    static PolicyReport of(NodeSynchronization node) {
        PolicyProgress.Reached reached = node.policies().reached();
        List<PolicyReport.Policy> policies =
                node.selected().stream().map(PolicyReports::policy).toList();
        return new PolicyReport(
                reached.complete(),
                reached.listed(),
                note(reached, policies),
                reached.isolatedPods(),
                policies);
    }

    private static PolicyReport.Policy policy(PolicyPart.Selected selected) {
        NetworkPolicyInfo policy = selected.policy();
        return new PolicyReport.Policy(
                policy.key(),
                Stream.of(Direction.values())
                        .filter(policy.spec().directions()::contains)
                        .map(each -> each.name().toLowerCase(Locale.ROOT))
                        .toList(),
                selected.pods(),
                policy.problem());
    }

    private static String note(PolicyProgress.Reached reached, List<PolicyReport.Policy> policies) {
        if (!reached.complete()) {
            return reached.consequence();
        }
        long odd = policies.stream().filter(each -> !each.problem().isEmpty()).count();
        return "NetworkPolicies in force: %d; pods of this node that they isolate: %d.%s"
                .formatted(
                        policies.size(),
                        reached.isolatedPods(),
                        odd == 0
                                ? ""
                                : " Not understood, so that they isolate all their pods: %d."
                                        .formatted(odd));
    }
}
