package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.Conflict;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/** Finds out whether and how this node can take part: pod ranges, underlay address, MTU. */
final class NodeSync implements Synchronizer {
    private static final Logger LOG = LogManager.getLogger(NodeSync.class);

    private final Supplier<AgentConfig> config;
    private final Rtnetlink rtnetlink;
    private final NodePlan plan;
    private final Consumer<Notice> notices;
    private @Nullable ClusterView view;
    private @Nullable Underlay last;

    /**
     * @param notices is told when the underlay changes
     */
    NodeSync(
            Supplier<AgentConfig> config,
            Rtnetlink rtnetlink,
            NodePlan plan,
            Consumer<Notice> notices) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.plan = plan;
        this.notices = notices;
    }

    @Override
    public String name() {
        return "node";
    }

    @Override
    public void setDesired(ClusterView desired) {
        view = desired;
    }

    @Override
    public void queueResync() {}

    @Override
    public void apply() throws IOException {
        try {
            plan(view);
        } catch (IOException e) {
            plan.clear();
            throw e;
        }
    }

    private void plan(@Nullable ClusterView current) throws IOException {
        if (current == null) {
            throw new NotReadyException("the cluster's nodes are not known yet");
        }
        NodeInfo self = current.self();
        if (self == null || !current.problem().isEmpty()) {
            throw new NotReadyException(rangeTrouble(current), current.problem());
        }
        Underlay found = Underlay.find(self, current.podCidrs(), config.get(), rtnetlink);
        refuseTakenAddress(current, self, found);
        plan.set(found, current.podCidrs());
        plan.stopOutdatedAdds(); // before it is asked who lives where
        plan.retain(
                Retention.find(config.get().bridge(), current.podCidrs(), plan.held(), rtnetlink));
        tellOfChange(found);
    }

    private static Notice.Reason rangeTrouble(ClusterView view) {
        return view.lost(Conflict.Kind.POD_CIDR).isPresent()
                ? Notice.Reason.POD_CIDR_CONFLICT
                : Notice.Reason.POD_CIDR_NOT_USABLE;
    }

    /** The conflict is with what was announced last, which may not be where this node is now. */
    private static void refuseTakenAddress(ClusterView view, NodeInfo self, Underlay found)
            throws NotReadyException {
        Optional<Conflict> lost = view.lost(Conflict.Kind.ADDRESS);
        VtepAnnouncement announced = self.vtep();
        if (lost.isPresent() && announced != null && announced.address().equals(found.address())) {
            throw new NotReadyException(
                    Notice.Reason.ADDRESS_CONFLICT,
                    lost.get().sentence()
                            + ": give one of the machines another address, or delete the Node"
                            + " object if its machine is gone");
        }
    }

    private void tellOfChange(Underlay found) {
        Underlay before = last;
        last = found;
        if (before != null && !before.equals(found)) {
            String sentence = "the underlay changed from %s to %s".formatted(before, found);
            LOG.info("{}", sentence);
            notices.accept(new Notice(Notice.Reason.UNDERLAY_CHANGED, sentence));
        }
    }
}
