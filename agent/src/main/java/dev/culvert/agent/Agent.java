package dev.culvert.agent;

import dev.culvert.agent.cni.CniService;
import dev.culvert.agent.cni.NodeReadiness;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigChange;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.config.Interop;
import dev.culvert.agent.http.HealthServer;
import dev.culvert.agent.install.CniInstaller;
import dev.culvert.agent.install.InstalledFiles;
import dev.culvert.agent.install.KeptInstallation;
import dev.culvert.agent.kube.EventRecorder;
import dev.culvert.agent.kube.KubeConnection;
import dev.culvert.agent.kube.NetworkCondition;
import dev.culvert.agent.kube.NodeAnnotations;
import dev.culvert.agent.kube.NodeWatch;
import dev.culvert.agent.kube.PeerFile;
import dev.culvert.agent.kube.PodWatch;
import dev.culvert.agent.kube.VtepPublisher;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.sync.RepairKind;
import dev.culvert.agent.sync.SyncStats;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.LinkMonitor;
import dev.culvert.overlay.Overlay;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The agent of one node: everything that runs, started in order and stopped in reverse. {@link
 * #start} is called once; {@link #close} by any thread, twice is fine. Links, routes and the TUN
 * device stay when it stops, so that pods on this node keep talking.
 */
final class Agent implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(Agent.class);

    /** Buckets of the histogram. */
    private static final Duration[] APPLIED_WITHIN =
            IntStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
                    .mapToObj(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private final ConfigWatch configuration;
    private final AgentConfig config;
    private final String nodeName;
    private final @Nullable Path kubeconfig;

    /**
     * Deprecated in favour of the next client's registry; this one is the one that we were asked
     * for.
     */
    @SuppressWarnings("deprecation")
    private final PrometheusMeterRegistry metrics =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private final RecentChanges changes = new RecentChanges();
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private volatile @Nullable VtepAnnouncement vtep;
    private boolean closed;

    /**
     * Nothing happens yet.
     *
     * @param configuration closed together with the agent
     */
    Agent(ConfigWatch configuration, String nodeName, @Nullable Path kubeconfig) {
        this.configuration = configuration;
        this.config = configuration.get();
        this.nodeName = nodeName;
        this.kubeconfig = kubeconfig;
    }

    /**
     * Starts all parts.
     *
     * @throws IOException with a sentence for what waiting cannot mend; nothing runs then
     */
    void start() throws IOException {
        LOG.info("culvert {} starts node={} {}", Version.text(), nodeName, settings());
        try {
            compose();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private synchronized void compose() throws IOException {
        KubernetesClient kube = closing(KubeConnection.open(kubeconfig, config.kubeApiServer()));
        KernelRtnetlink rtnetlink = closing(KernelRtnetlink.open());
        NodeAnnotations annotations = annotations();
        VtepPublisher publisher = closing(new VtepPublisher(kube, nodeName, annotations));
        EventRecorder events = closing(new EventRecorder(kube, nodeName));
        NodeSynchronization node =
                closing(
                        new NodeSynchronization(
                                configuration, nodeName, rtnetlink, listeners(publisher, events)));
        NetworkCondition condition =
                closing(new NetworkCondition(kube, nodeName, () -> attachable(node) != null));
        Consumer<NodeInfo> self = own -> tell(own, publisher, condition, events);
        PeerFile peers = closing(new PeerFile(config.runDir(), nodeName));
        NodeWatch nodes =
                closing(
                        new NodeWatch(
                                kube,
                                nodeName,
                                annotations,
                                metrics,
                                event -> observe(event, peers, self, node)));
        PodWatch pods = closing(new PodWatch(kube, nodeName, metrics, node.loop()::submit));
        LinkMonitor monitor = closing(LinkMonitor.open(_ -> node.loop().requestResync()));
        CniService cni = closing(cni(rtnetlink, node, nodes));
        KeptInstallation files = installation(node, nodes);
        Supplier<StatusReport> status = () -> report(node, nodes, publisher, cni, files, peers);
        HealthServer health = closing(health(node, nodes, status));
        AdminService admin =
                closing(new AdminService(config, rtnetlink, node, cni::leases, status));

        node.holdOn(cni::heldAddresses);
        gauges(node, nodes, files);
        NodeMeters.bind(metrics, node, events);
        peers.bindTo(metrics);
        health.start();
        cni.start();
        admin.start();
        node.loop().start();
        monitor.start();
        publisher.start();
        condition.start();
        events.start();
        startFrom(peers.load(), nodes, node);
        nodes.start();
        pods.start();
        if (config.cniFiles().isEnabled()) {
            closing(files).start();
        }
        closing(configuration).start(change -> follow(change, node, files, events));
    }

    /** What is asked for now is compared with what is there. */
    private void follow(
            ConfigChange change,
            NodeSynchronization node,
            KeptInstallation files,
            EventRecorder events) {
        changes.add(Change.Kind.CONFIG, change.sentence());
        if (change.isRefusal()) {
            events.record(new Notice(Notice.Reason.CONFIG_REFUSED, change.sentence()));
            return;
        }
        AgentLog.apply(configuration.get().logLevel(), configuration.get().logFormat());
        node.loop().requestResync();
        files.lookAgain();
        events.record(new Notice(Notice.Reason.CONFIG_CHANGED, change.sentence()));
    }

    private NodeSynchronization.Listeners listeners(VtepPublisher publisher, EventRecorder events) {
        return new NodeSynchronization.Listeners(
                this::bindMeters,
                announcement -> {
                    vtep = announcement;
                    publisher.desire(announcement);
                },
                notice -> {
                    events.record(notice);
                    changes.add(Change.Kind.NODE, notice.message());
                },
                changes);
    }

    /** Those that write about this node compare it with what they wrote. */
    private static void tell(
            NodeInfo own,
            VtepPublisher publisher,
            NetworkCondition condition,
            EventRecorder events) {
        publisher.observe(own.own());
        condition.observe(own.own());
        events.about(own.uid());
    }

    /** What the last run knew holds until the API says otherwise. */
    private static void startFrom(
            List<NodeInfo> remembered, NodeWatch nodes, NodeSynchronization node) {
        if (remembered.isEmpty()) {
            return;
        }
        nodes.remember(remembered);
        remembered.forEach(each -> node.loop().submit(new ClusterEvent.NodeChanged(each)));
        node.loop().submit(new ClusterEvent.NodesListed());
    }

    private NodeAnnotations annotations() {
        return config.interop() == Interop.FLANNEL
                ? NodeAnnotations.withFlannel(config.port())
                : NodeAnnotations.culvert();
    }

    private void observe(
            ClusterEvent event, PeerFile peers, Consumer<NodeInfo> self, NodeSynchronization node) {
        peers.observe(event);
        if (event instanceof ClusterEvent.NodeChanged(var changed)
                && changed.name().equals(nodeName)) {
            self.accept(changed);
        }
        node.loop().submit(event);
    }

    private CniService cni(KernelRtnetlink rtnetlink, NodeSynchronization node, NodeWatch nodes)
            throws IOException {
        NodeReadiness readiness =
                new NodeReadiness(
                        () -> attachable(node),
                        () ->
                                conditions(node, nodes).values().stream()
                                        .filter(problem -> !problem.isEmpty())
                                        .findFirst()
                                        .orElse("it is just starting"));
        return new CniService(
                config.runDir(),
                rtnetlink,
                new KernelSandboxes(),
                readiness,
                () -> podAddresses(node),
                metrics);
    }

    /** Those that Kubernetes knows of this node's pods, or null before it has told. */
    private static @Nullable Set<InetAddress> podAddresses(NodeSynchronization node) {
        ClusterView view = node.loop().view();
        if (view == null || !view.podsListed()) {
            return null;
        }
        Set<InetAddress> addresses = new HashSet<>();
        view.pods().values().forEach(pod -> addresses.addAll(pod.addresses()));
        return addresses;
    }

    /** Pods are attached once the whole path stands, so that their first packets get through. */
    private static @Nullable NodeNetwork attachable(NodeSynchronization node) {
        boolean inSync = node.loop().problems().values().stream().allMatch(String::isEmpty);
        return inSync ? node.network() : null;
    }

    /** The whole node must be ready: what the list promises is a working network. */
    private KeptInstallation installation(NodeSynchronization node, NodeWatch nodes) {
        return new KeptInstallation(
                () -> new CniInstaller(InstalledFiles.of(configuration.get().cniFiles())),
                () -> conditions(node, nodes).values().stream().allMatch(String::isEmpty));
    }

    private HealthServer health(
            NodeSynchronization node, NodeWatch nodes, Supplier<StatusReport> status) {
        JsonMapper json = new JsonMapper();
        return new HealthServer(
                new InetSocketAddress(config.httpAddress(), config.httpPort()),
                new HealthServer.Sources(
                        () -> conditions(node, nodes),
                        () -> json.writeValueAsString(status.get()),
                        metrics::scrape));
    }

    /** Readiness: a loss of the API after the start does not end it, for packets flow without. */
    private static Map<String, String> conditions(NodeSynchronization node, NodeWatch nodes) {
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
        return conditions;
    }

    private StatusReport report(
            NodeSynchronization node,
            NodeWatch nodes,
            VtepPublisher publisher,
            CniService cni,
            KeptInstallation files,
            PeerFile peers) {
        List<String> warnings =
                Stream.concat(
                                Stream.of(
                                        node.limitation(),
                                        node.retention(),
                                        nodes.problem(),
                                        peers.warning(),
                                        publisher.problem()),
                                Stream.concat(
                                        files.problems().stream(),
                                        configuration.warnings().stream()))
                        .filter(each -> !each.isEmpty())
                        .toList();
        return new StatusSource(
                        nodeName,
                        conditions(node, nodes),
                        Map.of(),
                        warnings,
                        vtep,
                        node.network(),
                        node.loop().view(),
                        node.stats(),
                        node.features(),
                        Map.of(),
                        cni.leases(),
                        sync(node),
                        changes.list())
                .report();
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

    private void bindMeters(Overlay overlay) {
        overlay.bindTo(metrics);
    }

    private void gauges(NodeSynchronization node, NodeWatch nodes, KeptInstallation files) {
        configuration.meters().bindTo(metrics);
        Gauge.builder(
                        "culvert.agent.ready",
                        () ->
                                conditions(node, nodes).values().stream().allMatch(String::isEmpty)
                                        ? 1
                                        : 0)
                .description("1 when every readiness condition holds")
                .register(metrics);
        Timer applied =
                Timer.builder("culvert.sync.event.to.applied")
                        .description("From a change that Kubernetes tells of to its application")
                        .serviceLevelObjectives(APPLIED_WITHIN)
                        .register(metrics);
        node.loop().measure(nanos -> applied.record(nanos, TimeUnit.NANOSECONDS));
        Gauge.builder("culvert.agent.api.reachable", () -> nodes.problem().isEmpty() ? 1 : 0)
                .description("1 while the Kubernetes API answers")
                .register(metrics);
        if (config.cniFiles().isEnabled()) {
            Gauge.builder("culvert.cni.installed", () -> files.isInstalled() ? 1 : 0)
                    .description("1 when the executable and the network list are in place")
                    .register(metrics);
        }
    }

    private <T extends AutoCloseable> T closing(T part) {
        started.push(part);
        return part;
    }

    private String settings() {
        StringBuilder text = new StringBuilder();
        config.printable().forEach((name, value) -> text.append(name + "=" + value + " "));
        return text.toString().strip();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        while (!started.isEmpty()) {
            AutoCloseable part = started.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("could not stop part={}", part.getClass().getSimpleName(), e);
            }
        }
        LOG.info("stopped node={}", nodeName);
        LogManager.shutdown();
    }
}
