package dev.culvert.agent.sync;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.agent.rules.ClusterSets;
import dev.culvert.agent.rules.Forwarding;
import dev.culvert.agent.rules.FrameGuard;
import dev.culvert.agent.rules.Masquerade;
import dev.culvert.agent.rules.RulePart;
import dev.culvert.agent.rules.RulesMeter;
import dev.culvert.agent.rules.SourceGuard;
import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.sandbox.PodLinks;
import dev.culvert.agent.state.Change;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.iptables.ProcessCommand;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.overlay.Overlay;
import dev.culvert.overlay.OverlayFeatures;
import dev.culvert.overlay.TrafficStats;
import dev.culvert.overlay.fdb.Fdb;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All synchronizers of a node in their order, with the loop that drives them. Any thread may ask
 * it.
 */
public final class NodeSynchronization implements AutoCloseable {
    private final Repairs repairs;
    private final NodePlan plan;
    private final KernelSettings settings;
    private final OverlaySync overlay;
    private final PolicyPart policies;
    private final SourceGuard sources = new SourceGuard();
    private final FrameGuard frames;
    private final RulesSync rules;
    private final SyncLoop loop;

    /**
     * Who is told what.
     *
     * @param opened of each data path that was opened
     * @param announce this node's VTEP, again and again
     * @param notices what an operator should know; must not block
     * @param changes of repairs and of other nodes
     * @param misunderstood of network policies that cannot be understood; must not block
     */
    public record Listeners(
            Consumer<Overlay> opened,
            Consumer<VtepAnnouncement> announce,
            Consumer<Notice> notices,
            RecentChanges changes,
            Consumer<NetworkPolicyInfo> misunderstood) {}

    /**
     * Nothing is touched before the loop is started.
     *
     * @param config the current one, asked each time; what cannot change while the agent runs is
     *     read here
     * @param conntrack of the node's namespace, or null if there is none
     * @param further what the packet filter is to do besides what it does on each node
     */
    public NodeSynchronization(
            Supplier<AgentConfig> config,
            String nodeName,
            Rtnetlink rtnetlink,
            @Nullable Conntrack conntrack,
            Listeners listeners,
            List<RulePart> further) {
        AgentConfig fixed = config.get();
        Consumer<Notice> notices = listeners.notices();
        this.repairs = new Repairs(listeners.changes());
        this.plan = new NodePlan(repairs);
        this.settings = new ProcSettings();
        this.overlay =
                new OverlaySync(
                        config, nodeName, plan, listeners.opened(), listeners.announce(), notices);
        this.policies =
                new PolicyPart(
                        new ConnectionCutter(
                                conntrack, rtnetlink, this::requestRound, System::nanoTime),
                        listeners.misunderstood());
        this.frames = frameGuard();
        this.rules =
                new RulesSync(
                        config,
                        new ProcessCommand(),
                        plan,
                        parts(further),
                        settings,
                        System::nanoTime);
        this.loop =
                new SyncLoop(
                        new ClusterState(nodeName, fixed.vni(), fixed.clusterCidrs()),
                        List.of(
                                new NodeSync(config, rtnetlink, plan, notices),
                                new BridgeSync(fixed, rtnetlink, settings, plan),
                                overlay,
                                new TunnelSync(config, rtnetlink, settings, plan),
                                new RouteSync(fixed, rtnetlink, plan),
                                rules,
                                new PodSync(new PodLinks(rtnetlink, new KernelSandboxes()), plan)),
                        notices);
        loop.followPolicies(policies::accept);
        loop.listen(sentence -> listeners.changes().add(Change.Kind.PEER, sentence));
    }

    /** The loop. */
    public SyncLoop loop() {
        return loop;
    }

    /**
     * Makes it keep what pods with these addresses need when the node's ranges change. Before the
     * loop is started.
     */
    public void holdOn(Supplier<Set<InetAddress>> addresses) {
        plan.holdOn(addresses);
    }

    private List<RulePart> parts(List<RulePart> further) {
        List<RulePart> own =
                List.of(
                        new ClusterSets(),
                        sources,
                        frames,
                        policies,
                        new Forwarding(),
                        new Masquerade());
        return Stream.concat(own.stream(), further.stream()).toList();
    }

    private FrameGuard frameGuard() {
        return new FrameGuard(
                new ProcessCommand(), () -> repairs.add(RepairKind.RULES, "table bridge culvert"));
    }

    /** Makes the rules follow this node's pods. Before the loop is started. */
    public void pods(Supplier<List<LocalPod>> pods) {
        rules.pods(pods);
    }

    private void requestRound(Duration delay) {
        CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS)
                .execute(loop::requestRound);
    }

    /** How far network policies are in force. */
    public PolicyProgress policies() {
        return policies.progress();
    }

    /**
     * What keeps this node from having rules at all, a sentence; empty when it has some: its own,
     * or, as long as policies are not known, those that an earlier agent left.
     */
    public String missingRules() {
        return rules.isInForce() ? "" : policies().reached().missing();
    }

    /** All network policies, with those pods of this node that they are about. */
    public List<PolicyPart.Selected> selected() {
        return policies.policies();
    }

    /**
     * Whether policies let a new connection through here, or null while they are not known.
     *
     * @param protocol null for one without ports
     */
    public @Nullable PolicyVerdict verdict(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port) {
        return policies.verdict(from, to, protocol, port);
    }

    /** How many connections ended since policies forbid them. */
    public long cutConnections() {
        return policies.cutConnections();
    }

    /**
     * These programs changed rules of the packet filter: looks at them again soon, unless it was
     * this node's own work. Any thread.
     */
    public void rulesChanged(Set<String> programs) {
        if (frames.isOwnChange(programs)) {
            return;
        }
        CompletableFuture.delayedExecutor(rules.disturbed(), TimeUnit.MILLISECONDS)
                .execute(loop::requestResync);
    }

    /** What is counted and timed of the packet filter. */
    public RulesMeter rules() {
        return rules.meter();
    }

    /** A sentence about pods whose addresses are of an earlier range of this node, or empty. */
    public String retention() {
        List<Cidr> retained = plan.retained();
        return retained.isEmpty()
                ? ""
                : ("this node's podCIDRs changed: pods with addresses of the earlier %s should be"
                                + " made anew, for other nodes reach them only until another one"
                                + " gets that range")
                        .formatted(retained);
    }

    /** What pods can be attached to, or null while they cannot. */
    public @Nullable NodeNetwork network() {
        return plan.network();
    }

    /** The data path, or null while there is none. */
    public @Nullable Overlay overlay() {
        return overlay.overlay();
    }

    /** The data path's counters, or null while there is none. */
    public @Nullable TrafficStats stats() {
        return overlay.stats();
    }

    /** What the data path forwards by, or null while there is none. */
    public @Nullable Fdb fdb() {
        return overlay.fdb();
    }

    /** What the data path does, or null while there is none. */
    public @Nullable OverlayFeatures features() {
        return overlay.features();
    }

    /** What others changed and the agent put right. */
    public Repairs repairs() {
        return repairs;
    }

    /** What this kernel cannot do, or empty. */
    public String limitation() {
        return Stream.of(BridgeSync.limitation(settings), sources.limitation(), frames.limitation())
                .filter(each -> !each.isEmpty())
                .collect(Collectors.joining("; "));
    }

    @Override
    public void close() {
        loop.close();
    }
}
