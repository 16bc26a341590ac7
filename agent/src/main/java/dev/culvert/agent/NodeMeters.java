package dev.culvert.agent;

import dev.culvert.agent.kube.EventRecorder;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Conflict;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.sync.NodeSynchronization;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToDoubleFunction;

/** The meters about this node's place in the cluster. Stateless. */
final class NodeMeters {

    private NodeMeters() {}

    static void bind(MeterRegistry registry, NodeSynchronization node, EventRecorder events) {
        for (Conflict.Kind kind : Conflict.Kind.values()) {
            Gauge.builder("culvert.node.conflicts", () -> conflicts(node, kind))
                    .description("nodes that are left out, since an older one claims the same")
                    .tag("kind", kind.label())
                    .register(registry);
        }
        Gauge.builder("culvert.node.pod.mtu.bytes", () -> podMtu(node))
                .description("the largest packet of this node's pods; 0 while it is not known")
                .register(registry);
        counter(registry, events, "created", EventRecorder::created);
        counter(registry, events, "suppressed", EventRecorder::suppressed);
        counter(registry, events, "failed", EventRecorder::failed);
    }

    private static long conflicts(NodeSynchronization node, Conflict.Kind kind) {
        ClusterView view = node.loop().view();
        return view == null
                ? 0
                : view.conflicts().stream().filter(each -> each.kind() == kind).count();
    }

    private static int podMtu(NodeSynchronization node) {
        NodeNetwork network = node.network();
        return network == null ? 0 : network.podMtu();
    }

    private static void counter(
            MeterRegistry registry,
            EventRecorder events,
            String result,
            ToDoubleFunction<EventRecorder> count) {
        FunctionCounter.builder("culvert.node.events", events, count)
                .description("Kubernetes Events about this node")
                .tag("result", result)
                .register(registry);
    }
}
