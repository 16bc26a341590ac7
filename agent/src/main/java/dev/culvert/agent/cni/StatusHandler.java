package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.ipam.PoolExhaustedException;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import org.jspecify.annotations.Nullable;

/** STATUS: whether an ADD could succeed now: the node is ready, each range has a free address. */
final class StatusHandler implements VerbHandler {
    private final LeaseTable leases;
    private final NodeReadiness readiness;

    StatusHandler(LeaseTable leases, NodeReadiness readiness) {
        this.leases = leases;
        this.readiness = readiness;
    }

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError {
        request.versionFrom(CniVersion.V1_1_0);
        NodeNetwork network = readiness.require(CniError.NOT_AVAILABLE);
        leases.ranges(network.podCidrs());
        try {
            leases.checkFree();
            return "";
        } catch (PoolExhaustedException e) {
            throw new CniError(CniError.NOT_AVAILABLE, String.valueOf(e.getMessage()));
        }
    }
}
