package dev.culvert.agent.metrics;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.probe.PeerProbe;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.sync.NodeSynchronization;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.util.List;
import java.util.function.Supplier;

/** What is collected anew for each scrape, about peers and about the data path. Stateless. */
public final class NodeCollectors {

    private NodeCollectors() {}

    /** Registers them. */
    @SuppressWarnings("deprecation") // the registry that we were asked for
    public static void bind(
            PrometheusMeterRegistry registry,
            Supplier<AgentConfig> config,
            NodeSynchronization node,
            PeerProbe probe) {
        registry.getPrometheusRegistry()
                .register(
                        new PeerCollector(
                                () -> figures(node, probe),
                                () -> config.get().probe().peerMetrics()));
        registry.getPrometheusRegistry().register(new BatchCollector(node::stats));
        FunctionCounter.builder(
                        "culvert.overlay.tun.drops",
                        config,
                        each -> TunDrops.of(each.get().tunnel()))
                .description(
                        "Packets that the kernel dropped since the TUN device's queue was full")
                .register(registry);
    }

    private static List<PeerFigures> figures(NodeSynchronization node, PeerProbe probe) {
        ClusterView view = node.loop().view();
        return view == null
                ? List.of()
                : PeerFigures.of(view.leases(), node.stats(), probe.health());
    }
}
