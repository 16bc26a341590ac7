package dev.culvert.agent;

import dev.culvert.agent.cni.CniService;
import dev.culvert.agent.cni.NodeReadiness;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigChange;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.config.Interop;
import dev.culvert.agent.handover.NodeClaim;
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
import dev.culvert.agent.kube.PolicyWatches;
import dev.culvert.agent.kube.VtepPublisher;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.metrics.ProcessMeters;
import dev.culvert.agent.rules.HostPorts;
import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.agent.sync.IpvsAddresses;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.iptables.RulesMonitor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.conntrack.KernelConntrack;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.LinkMonitor;
import dev.culvert.overlay.Overlay;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
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

    private final ConfigWatch configuration;

    /** The one that the agent started with. */
    private final AgentConfig config;

    private final String nodeName;
    private final @Nullable Path kubeconfig;
    private final NodeClaim claim;

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
    private volatile Supplier<Map<String, String>> readiness =
            () -> Map.of("agent", "it is just starting");
    private boolean acted;
    private boolean closed;

    /**
     * Nothing happens yet.
     *
     * @param configuration closed together with the agent
     * @param claim to the node, which it has until it is closed
     */
    Agent(ConfigWatch configuration, String nodeName, @Nullable Path kubeconfig, NodeClaim claim) {
        this.claim = claim;
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
            act();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Makes all parts and none of them act: so that {@link #start} of the next agent finds all
     * classes loaded, while another process still serves the node. Closes this one.
     */
    void rehearse() throws IOException {
        try (this) {
            compose();
        }
    }

    private synchronized void act() throws IOException {
        acted = true;
        compose().run();
    }

    /** What is to be done once all parts are made. */
    @FunctionalInterface
    private interface Act {
        void run() throws IOException;
    }

    private synchronized Act compose() throws IOException {
        ProcessMeters.leaveOut(metrics);
        KubernetesClient kube = closing(KubeConnection.open(kubeconfig, config.kubeApiServer()));
        KernelRtnetlink rtnetlink = closing(KernelRtnetlink.open());
        NodeAnnotations annotations = annotations();
        VtepPublisher publisher = closing(new VtepPublisher(kube, nodeName, annotations));
        EventRecorder events = closing(new EventRecorder(kube, nodeName));
        NodeSynchronization node =
                closing(synchronization(rtnetlink, listeners(publisher, events)));
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
        PolicyWatches policies = closing(new PolicyWatches(kube, metrics, node.loop()::submit));
        LinkMonitor monitor = closing(LinkMonitor.open(_ -> node.loop().requestResync()));
        CniService cni = closing(cni(rtnetlink, node, nodes));
        NodeObservation observation = closing(observation(node, nodes, cni));
        KeptInstallation files = installation(node, nodes, observation);
        NodeStatus status =
                status(
                        new AgentParts(
                                node, nodes, pods, policies, peers, monitor, publisher, cni, files),
                        observation);
        HealthServer health = closing(health(status));
        AdminService admin = closing(admin(rtnetlink, node, cni, status));

        return () -> {
            connect(node, cni);
            gauges(status, nodes, files);
            meters(node, observation, events, peers);
            health.start();
            cni.start();
            admin.start();
            node.loop().start();
            observation.start();
            monitor.start();
            watchRules(node);
            publisher.start();
            condition.start();
            events.start();
            startFrom(peers.load(), nodes, node);
            nodes.start();
            pods.start();
            policies.start();
            if (config.cniFiles().isEnabled()) {
                closing(files).start();
            }
            closing(configuration).start(change -> follow(change, node, files, events));
        };
    }

    private void meters(
            NodeSynchronization node,
            NodeObservation observation,
            EventRecorder events,
            PeerFile peers) {
        observation.bindTo(metrics);
        NodeMeters.bind(metrics, node, events);
        peers.bindTo(metrics);
    }

    private AdminService admin(
            KernelRtnetlink rtnetlink,
            NodeSynchronization node,
            CniService cni,
            NodeStatus status) {
        return new AdminService(
                configuration, rtnetlink, node, cni::leases, status::report, claim::request);
    }

    private NodeSynchronization synchronization(
            KernelRtnetlink rtnetlink, NodeSynchronization.Listeners listeners) {
        Conntrack conntrack = conntrack();
        return new NodeSynchronization(
                configuration,
                nodeName,
                rtnetlink,
                conntrack,
                listeners,
                List.of(new HostPorts(conntrack, new IpvsAddresses(rtnetlink))));
    }

    /** Or null, which costs no more than that old connections keep their ways. */
    private @Nullable Conntrack conntrack() {
        try {
            return closing(KernelConntrack.open());
        } catch (LinuxException e) {
            LOG.info("tracked connections cannot be forgotten: {}", e.getMessage());
            return null;
        }
    }

    /** Pods' addresses are the sync thread's business too. */
    private static void connect(NodeSynchronization node, CniService cni) {
        node.holdOn(cni::heldAddresses);
        node.pods(cni::pods);
        cni.gate(new RulesGate(node.loop(), node.policies()));
    }

    /** Without it, as in a kernel that has no nf_tables, the period has to do. */
    private void watchRules(NodeSynchronization node) {
        try {
            closing(RulesMonitor.open(node::rulesChanged)).start();
        } catch (LinuxException e) {
            LOG.info("changes of rules are noticed within 30 s only: {}", e.getMessage());
        }
    }

    private NodeObservation observation(NodeSynchronization node, NodeWatch nodes, CniService cni) {
        return new NodeObservation(
                configuration, node, cni, () -> NodeStatus.conditions(node, nodes), changes);
    }

    private NodeStatus status(AgentParts parts, NodeObservation observation) {
        return new NodeStatus(nodeName, parts, observation, configuration, changes, () -> vtep);
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
                changes,
                policy ->
                        events.record(
                                new Notice(
                                        Notice.Reason.POLICY_NOT_UNDERSTOOD,
                                        "the pods that it is about are isolated on node %s: %s"
                                                .formatted(nodeName, policy.problem()),
                                        policy)));
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
                                NodeStatus.conditions(node, nodes).values().stream()
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
    static @Nullable NodeNetwork attachable(NodeSynchronization node) {
        boolean inSync = node.loop().problems().values().stream().allMatch(String::isEmpty);
        return inSync ? node.network() : null;
    }

    /** The whole node must be ready: what the list promises is a working network. */
    private KeptInstallation installation(
            NodeSynchronization node, NodeWatch nodes, NodeObservation observation) {
        return new KeptInstallation(
                () -> new CniInstaller(InstalledFiles.of(configuration.get().cniFiles())),
                () ->
                        observation.with(NodeStatus.conditions(node, nodes)).values().stream()
                                .allMatch(String::isEmpty));
    }

    private HealthServer health(NodeStatus status) {
        JsonMapper json = new JsonMapper();
        return new HealthServer(
                new InetSocketAddress(config.httpAddress(), config.httpPort()),
                new HealthServer.Sources(
                        revision -> meant(revision, status::liveness, ""),
                        revision -> meant(revision, status::readiness, notYet(revision)),
                        () -> json.writeValueAsString(status.report()),
                        metrics::scrape));
    }

    /**
     * What a probe is told: of this agent, or, if it means another, that one whose place this one
     * took stands by, and that one that is to take this one's has not done so.
     */
    private Map<String, String> meant(
            String revision, Supplier<Map<String, String>> own, String other) {
        return switch (claim.probed(revision)) {
            case THIS -> own.get();
            case EARLIER -> Map.of("standby", "");
            case OTHER -> Map.of("handover", other);
        };
    }

    private String notYet(String revision) {
        return "the agent of revision %s does not serve this node, but that of revision %s"
                .formatted(revision, claim.self().revision());
    }

    /** What {@code /readyz} asks for, each with what is missing or nothing; any thread. */
    Map<String, String> readiness() {
        return readiness.get();
    }

    private void bindMeters(Overlay overlay) {
        overlay.bindTo(metrics);
    }

    private void gauges(NodeStatus status, NodeWatch nodes, KeptInstallation files) {
        readiness = status::readiness;
        configuration.meters().bindTo(metrics);
        Gauge.builder("culvert.agent.ready", () -> status.isReady() ? 1 : 0)
                .description("1 when every readiness condition holds")
                .register(metrics);
        Gauge.builder("culvert.agent.alive", () -> status.isAlive() ? 1 : 0)
                .description("1 while event loops, sync thread and watches run")
                .register(metrics);
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
        if (acted) {
            LOG.info("stopped node={}", nodeName);
        }
    }
}
