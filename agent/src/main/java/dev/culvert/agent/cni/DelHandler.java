package dev.culvert.agent.cni;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * DEL: removes an attachment and ends its lease. Needs neither the namespace nor the configuration
 * nor Kubernetes, and succeeds when there is nothing to do.
 */
final class DelHandler implements VerbHandler {
    private final LeaseTable leases;
    private final SandboxWiring wiring;
    private final AttachmentTable attachments;
    private final AttachmentGate gate;

    /**
     * @param gate is told of what ended
     */
    DelHandler(
            LeaseTable leases,
            SandboxWiring wiring,
            AttachmentTable attachments,
            AttachmentGate gate) {
        this.leases = leases;
        this.wiring = wiring;
        this.attachments = attachments;
        this.gate = gate;
    }

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError {
        remove(request.endpoint());
        return "";
    }

    /** Removes it; the caller has the container's turn. */
    void remove(Endpoint endpoint) throws CniError {
        Optional<AddressLease> lease = leases.of(endpoint);
        try {
            wiring.detach(Attachment.hostVeth(endpoint.containerId(), endpoint.ifName()));
            attachments.remove(endpoint);
            leases.release(endpoint); // last: an address is never free while its veth exists
            lease.ifPresent(gate::ended);
        } catch (IOException e) {
            throw new CniError(
                    CniError.KERNEL_REFUSED, "cannot remove the attachment " + endpoint, e);
        }
    }
}
