package dev.culvert.agent.sync;

import dev.culvert.agent.sandbox.PodLinks;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.overlay.SuperPacketLimit;
import java.io.IOException;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** The size of packets of the pods that run already follows the underlay's. */
final class PodSync implements Synchronizer {
    private static final Logger LOG = LogManager.getLogger(PodSync.class);

    private final PodLinks pods;
    private final NodePlan plan;

    PodSync(PodLinks pods, NodePlan plan) {
        this.pods = pods;
        this.plan = plan;
    }

    @Override
    public String name() {
        return "pods";
    }

    @Override
    public void setDesired(ClusterView view) {}

    @Override
    public void queueResync() {}

    @Override
    public void apply() throws IOException {
        int mtu = plan.underlay().podMtu();
        PodLinks.Resized resized = pods.resize(mtu, SuperPacketLimit.of(mtu));
        if (resized.changed() > resized.repaired()) {
            LOG.info("running pods have another MTU now pods={} mtu={}", resized.changed(), mtu);
        }
        if (resized.repaired() > 0) {
            plan.repairs()
                    .add(
                            RepairKind.POD,
                            resized.repaired(),
                            "interfaces of %d with an MTU of %d"
                                    .formatted(resized.repaired(), mtu));
        }
    }
}
