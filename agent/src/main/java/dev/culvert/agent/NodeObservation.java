package dev.culvert.agent;

import dev.culvert.agent.cni.CniService;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.metrics.NodeCollectors;
import dev.culvert.agent.metrics.PolicyMeters;
import dev.culvert.agent.metrics.ProbeMeters;
import dev.culvert.agent.metrics.ProcessMeters;
import dev.culvert.agent.metrics.RulesMeters;
import dev.culvert.agent.metrics.SyncMeters;
import dev.culvert.agent.probe.DataPathTest;
import dev.culvert.agent.probe.PeerHealth;
import dev.culvert.agent.probe.PeerProbe;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.linux.LinuxException;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.Overlay;
import dev.culvert.overlay.SelfTest;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything that looks at this node and its peers without changing anything: the probe, the tests
 * that readiness needs, and the meters of both. {@link #start} and {@link #close} by one thread;
 * any may ask.
 */
final class NodeObservation implements AutoCloseable {
    private static final Duration CNI_INTERVAL = Duration.ofSeconds(10);

    private final Supplier<AgentConfig> config;
    private final NodeSynchronization node;
    private final CniService cni;
    private final PeerProbe probe;
    private final DataPathTest test;
    private final ProcessMeters process = new ProcessMeters();
    private final NodeHealth health;
    private volatile String cniProblem = "it has not been asked yet";
    private long cniAskedAt;

    /**
     * @param conditions of readiness, besides those that are tested here
     */
    NodeObservation(
            Supplier<AgentConfig> config,
            NodeSynchronization node,
            CniService cni,
            Supplier<Map<String, String>> conditions,
            RecentChanges changes) {
        this.config = config;
        this.node = node;
        this.cni = cni;
        this.probe =
                new PeerProbe(
                        () -> node.loop().view(),
                        () -> config.get().probe().peerProbe(),
                        () -> Agent.attachable(node) != null,
                        changes);
        this.test = new DataPathTest(new OwnDataPath());
        this.health = new NodeHealth(this::test, () -> with(conditions.get()), changes);
    }

    @SuppressWarnings("deprecation") // the registry that we were asked for
    void bindTo(PrometheusMeterRegistry registry) {
        process.bind(registry, Version.text());
        SyncMeters.bind(registry, node);
        RulesMeters.bind(registry, node.rules());
        PolicyMeters.bind(registry, node);
        ProbeMeters.bind(registry, probe);
        ProbeMeters.bind(registry, test);
        NodeCollectors.bind(registry, config, node, probe);
    }

    void start() {
        probe.start();
        health.start();
    }

    private void test(long now) {
        test.look(now);
        if (!cniProblem.isEmpty() || now - cniAskedAt >= CNI_INTERVAL.toNanos()) {
            cniAskedAt = now;
            cniProblem = cni.problem();
        }
    }

    /** These conditions of readiness and those that are tested here. */
    Map<String, String> with(Map<String, String> conditions) {
        Map<String, String> all = new LinkedHashMap<>(conditions);
        all.put("self-test", test.problem());
        all.put("cni", cniProblem);
        return all;
    }

    /** What is known of each peer, by name. */
    Map<String, PeerHealth> peers() {
        return probe.health();
    }

    /** What is wrong without keeping the node from working. */
    List<String> warnings() {
        return Stream.of(probe.limitation(), probe.oneSided(), test.limitation())
                .filter(each -> !each.isEmpty())
                .toList();
    }

    @Override
    public void close() {
        health.close();
        probe.close();
        process.close();
    }

    /** The data path as its test needs it. */
    private final class OwnDataPath implements DataPathTest.Target {
        @Override
        public @Nullable Object current() {
            // Before the tunnel has its addresses nothing can be sent by it.
            return isReadyFor() ? node.overlay() : null;
        }

        private boolean isReadyFor() {
            return node.loop().problems().getOrDefault("tunnel", "").isEmpty();
        }

        @Override
        public long arrived() {
            Overlay overlay = node.overlay();
            return overlay == null ? 0 : overlay.selfTests();
        }

        @Override
        public void send() throws LinuxException {
            var view = node.loop().view();
            IpFamily family =
                    view == null
                            ? IpFamily.IPV4
                            : view.podCidrs().stream()
                                    .map(Cidr::family)
                                    .findFirst()
                                    .orElse(IpFamily.IPV4);
            DataPathTest.send(config.get().tunnel(), SelfTest.group(family));
        }
    }
}
