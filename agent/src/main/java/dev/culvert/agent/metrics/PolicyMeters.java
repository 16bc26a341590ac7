package dev.culvert.agent.metrics;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.sync.NodeSynchronization;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The meters of network policies. Stateless. */
public final class PolicyMeters {

    private PolicyMeters() {}

    /** Registers them; before the loop starts. */
    public static void bind(MeterRegistry registry, NodeSynchronization node) {
        Gauge.builder("culvert.policy.policies", node, each -> policies(each).size())
                .description("Network policies of the cluster")
                .register(registry);
        Gauge.builder("culvert.policy.invalid", node, PolicyMeters::invalid)
                .description("Those that cannot be understood, so that they isolate")
                .register(registry);
        Gauge.builder(
                        "culvert.policy.isolated.pods",
                        node,
                        each -> each.policies().reached().isolatedPods())
                .description("Pods of this node that some policy is about")
                .register(registry);
        Gauge.builder(
                        "culvert.policy.complete",
                        node,
                        each -> each.policies().reached().complete() ? 1 : 0)
                .description("1 when all is known that network policies speak of")
                .register(registry);
        FunctionCounter.builder(
                        "culvert.policy.connections.cut", node, NodeSynchronization::cutConnections)
                .description("Connections that ended since policies forbid them now")
                .register(registry);
        Timer inForce =
                Timer.builder("culvert.policy.in.force")
                        .description("From a change that policies depend on until it is in force")
                        .serviceLevelObjectives(SyncMeters.BUCKETS)
                        .register(registry);
        node.loop().measurePolicies(nanos -> inForce.record(nanos, TimeUnit.NANOSECONDS));
    }

    private static List<NetworkPolicyInfo> policies(NodeSynchronization node) {
        return node.policies().reached().policies();
    }

    private static long invalid(NodeSynchronization node) {
        return policies(node).stream().filter(policy -> !policy.isUnderstood()).count();
    }
}
