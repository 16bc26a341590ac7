package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.Bandwidth;
import dev.culvert.agent.sandbox.ObservedAttachment;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * CHECK: whether an attachment is still as ADD made it. Runtimes take a failure for final, so what
 * may pass by itself (an agent that is not ready) is "try again".
 */
final class CheckHandler implements VerbHandler {
    private final LeaseTable leases;
    private final SandboxWiring wiring;
    private final NodeReadiness readiness;

    CheckHandler(LeaseTable leases, SandboxWiring wiring, NodeReadiness readiness) {
        this.leases = leases;
        this.wiring = wiring;
        this.readiness = readiness;
    }

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError {
        request.versionFrom(CniVersion.V0_4_0);
        request.checkName();
        Endpoint endpoint = request.endpoint();
        PreviousResult previous = request.previousResult();
        NodeNetwork network = readiness.require(CniError.TRY_AGAIN);
        NetworkNamespace sandbox = request.require(namespace);
        Optional<AddressLease> lease = leases.of(endpoint);
        if (lease.isEmpty()) {
            throw damaged(endpoint, List.of("it has no address lease on this node"));
        }
        ObservedAttachment observed = observe(endpoint, network, sandbox);
        if (observed.bridge() == null) {
            throw new CniError(
                    CniError.TRY_AGAIN,
                    "the bridge %s is gone; the agent makes it again".formatted(network.bridge()));
        }
        List<String> differences =
                new ArrayList<>(
                        new AttachmentCheck(lease.get(), previous, observed, network)
                                .differences());
        if (!isLimited(endpoint, sandbox, request.runtimeConfig().bandwidth())) {
            differences.add("its bandwidth is not limited as asked");
        }
        if (!differences.isEmpty()) {
            throw damaged(endpoint, differences);
        }
        return "";
    }

    private ObservedAttachment observe(
            Endpoint endpoint, NodeNetwork network, NetworkNamespace sandbox) throws CniError {
        try {
            return wiring.observe(
                    Attachment.hostVeth(endpoint.containerId(), endpoint.ifName()),
                    network.bridge(),
                    endpoint.ifName(),
                    sandbox);
        } catch (IOException e) {
            throw new CniError(CniError.KERNEL_REFUSED, "cannot look at " + endpoint, e);
        }
    }

    private boolean isLimited(Endpoint endpoint, NetworkNamespace sandbox, Bandwidth bandwidth)
            throws CniError {
        try {
            return wiring.isLimited(
                    Attachment.hostVeth(endpoint.containerId(), endpoint.ifName()),
                    endpoint.ifName(),
                    sandbox,
                    bandwidth);
        } catch (IOException e) {
            throw new CniError(CniError.KERNEL_REFUSED, "cannot look at " + endpoint, e);
        }
    }

    private static CniError damaged(Endpoint endpoint, List<String> differences) {
        return new CniError(
                CniError.DAMAGED,
                "the attachment %s is not as it was made: %s"
                        .formatted(endpoint, String.join("; ", differences)));
    }
}
