package dev.culvert.bench.policy;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.rules.RulesNode;
import dev.culvert.agent.state.ClusterAddresses;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.ClusterState;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.sync.ConnectionCutter;
import dev.culvert.agent.sync.PolicyPart;
import dev.culvert.agent.sync.SyncLoop;
import dev.culvert.agent.sync.Synchronizer;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.ProcessCommand;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * The part of an agent that enforces policies: its sync thread, policies and packet filter, with
 * the real programs in a network namespace. {@link #start} and {@link #close} on one thread, {@link
 * #submit} on any.
 */
final class PolicyNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final NetworkNamespace namespace;
    private final IptablesMode mode;
    private final Pending pending = new Pending();
    private final PacketFilter filter =
            new PacketFilter(new ProcessCommand(), EnumSet.of(IpFamily.IPV4));
    private final RulesNode node;
    private final KernelRtnetlink rtnetlink = KernelRtnetlink.open();
    private final PolicyPart part =
            new PolicyPart(
                    new ConnectionCutter(null, rtnetlink, _ -> {}, System::nanoTime), _ -> {});
    private final List<ClusterEvent> taken = new ArrayList<>();
    private final SyncLoop loop =
            new SyncLoop(new ClusterState("node", 1, List.of()), List.of(new Rules()));

    /**
     * @param namespace where the rules are
     * @param attached the node's pods
     */
    PolicyNode(
            NetworkNamespace namespace,
            IptablesMode mode,
            List<Cidr> ranges,
            List<LocalPod> attached)
            throws IOException {
        this.namespace = namespace;
        this.mode = mode;
        this.node = new RulesNode(AgentConfig.defaults(), ranges, ClusterAddresses.NONE, attached);
    }

    /** Has the rules written as the agent does, on the sync thread. */
    private final class Rules implements Synchronizer {
        @Override
        public String name() {
            return "rules";
        }

        @Override
        public void setDesired(ClusterView view) {}

        @Override
        public boolean dependsOnOtherNodes() {
            return true;
        }

        @Override
        public void queueResync() {
            filter.queueResync();
        }

        @Override
        public void apply() throws IOException {
            do {
                part.render(node, filter);
                filter.apply();
            } while (part.hasMore());
            part.applied(node);
            pending.inForce(taken, System.nanoTime());
            taken.clear();
        }
    }

    /** Starts the sync thread and returns once all this is in force. */
    void start(List<ClusterEvent> listed) throws Exception {
        loop.followPolicies(
                event -> {
                    part.accept(event);
                    taken.add(event);
                });
        listed.forEach(loop::submit);
        namespace.call(
                () -> {
                    hint();
                    loop.start();
                    return true;
                });
        loop.awaitRound(PATIENCE);
        if (part.progress().reached().isolatedPods() == 0) {
            throw new IOException("no policy is in force on the node");
        }
    }

    /** Tells which variant is used here. */
    private void hint() throws IOException {
        List<String> words = List.of("iptables-" + mode.label() + "-restore", "--noflush", "-w");
        new ProcessCommand().run(words, "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n");
    }

    /** Something happens, which was due at that time. */
    void submit(Change change, long due) {
        pending.add(change, due);
        change.events().forEach(loop::submit);
    }

    /** Waits until all that was submitted is in force. */
    void await() throws IOException {
        loop.awaitRound(PATIENCE);
        if (pending.open() > 0) {
            throw new IOException(pending.open() + " changes are not in force after a round");
        }
    }

    /** What became of the changes. */
    Pending pending() {
        return pending;
    }

    @Override
    public void close() {
        loop.close();
        rtnetlink.close();
    }
}
