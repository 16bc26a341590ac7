package dev.culvert.agent.sync;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Finds out whether and how this node can take part: pod ranges, underlay address, MTU. */
final class NodeSync implements Synchronizer {
    private final AgentConfig config;
    private final Rtnetlink rtnetlink;
    private final NodePlan plan;
    private @Nullable ClusterView view;

    NodeSync(AgentConfig config, Rtnetlink rtnetlink, NodePlan plan) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.plan = plan;
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
            throw new NotReadyException(current.problem());
        }
        plan.set(Underlay.find(self, current.podCidrs(), config, rtnetlink), current.podCidrs());
        plan.stopOutdatedAdds(); // before it is asked who lives where
        plan.retain(Retention.find(config.bridge(), current.podCidrs(), plan.held(), rtnetlink));
    }
}
