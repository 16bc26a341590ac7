package dev.culvert.agent.cni;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.attachment.PodAttachment;
import dev.culvert.agent.attachment.PortTakenException;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.AddressRefusedException;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.ipam.PoolExhaustedException;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.PodAddress;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** ADD: leases addresses, makes the attachment, and on any failure leaves nothing of either. */
final class AddHandler implements VerbHandler {
    private final LeaseTable leases;
    private final SandboxWiring wiring;
    private final NodeReadiness readiness;
    private final DeleteQueue deletes;
    private final AttachmentTable attachments;
    private final AttachmentGate gate;

    AddHandler(
            LeaseTable leases,
            SandboxWiring wiring,
            NodeReadiness readiness,
            DeleteQueue deletes,
            AttachmentTable attachments,
            AttachmentGate gate) {
        this.leases = leases;
        this.wiring = wiring;
        this.readiness = readiness;
        this.deletes = deletes;
        this.attachments = attachments;
        this.gate = gate;
    }

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError {
        CniVersion version = request.version();
        request.checkConfiguration();
        RuntimeConfig wishes = request.runtimeConfig();
        Endpoint endpoint = request.endpoint();
        NetworkNamespace sandbox = request.require(namespace);
        NodeNetwork network = readiness.require(CniError.TRY_AGAIN);
        try {
            checkIsNew(endpoint, sandbox);
            AddressLease lease = lease(endpoint, request.pod(), wishes.ips(), network);
            Attachment attachment = attachment(lease, wishes, network);
            prepare(lease, request.podUid(), attachment.podMac(), wishes);
            MacAddress bridgeMac = attach(attachment, lease, sandbox);
            return CniResult.json(version, attachment, request.netns(), bridgeMac, request.dns());
        } catch (IOException e) {
            throw new CniError(CniError.KERNEL_REFUSED, "cannot attach " + endpoint, e);
        }
    }

    private void checkIsNew(Endpoint endpoint, NetworkNamespace sandbox)
            throws CniError, IOException {
        if (wiring.isNode(sandbox)) {
            throw new CniError(
                    CniError.BAD_ENVIRONMENT,
                    "CNI_NETNS is the node's own network namespace; a pod that uses the host's network must not be attached");
        }
        if (deletes.holds(endpoint)) {
            throw new CniError(
                    CniError.TRY_AGAIN,
                    "an earlier DEL of %s was queued and is not carried out yet"
                            .formatted(endpoint));
        }
        String hostVeth = Attachment.hostVeth(endpoint.containerId(), endpoint.ifName());
        if (leases.of(endpoint).isPresent() || wiring.exists(hostVeth)) {
            throw new CniError(
                    CniError.ALREADY_ATTACHED,
                    "container %s has the attachment %s already and it stays as it is; DEL it before another ADD"
                            .formatted(endpoint.containerId(), endpoint.ifName()));
        }
        if (wiring.hasInterface(sandbox, endpoint.ifName())) {
            throw new CniError(
                    CniError.ALREADY_ATTACHED,
                    "the namespace of container %s has an interface %s already"
                            .formatted(endpoint.containerId(), endpoint.ifName()));
        }
    }

    private AddressLease lease(
            Endpoint endpoint, String pod, List<InetAddress> wanted, NodeNetwork network)
            throws CniError {
        try {
            leases.ranges(network.podCidrs());
            AddressLease lease = leases.lease(endpoint, pod, wanted);
            checkStillCurrent(endpoint, network);
            return lease;
        } catch (AddressRefusedException e) {
            throw new CniError(
                    e.isTaken() ? CniError.ADDRESS_TAKEN : CniError.BAD_CONFIGURATION,
                    String.valueOf(e.getMessage()));
        } catch (PoolExhaustedException e) {
            throw new CniError(CniError.NO_ADDRESS, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CniError(
                    CniError.IO_FAILURE,
                    "the lease of %s cannot be written".formatted(endpoint),
                    e);
        }
    }

    /** Ranges that change from now on keep what this pod needs; earlier, nobody knew of it. */
    private void checkStillCurrent(Endpoint endpoint, NodeNetwork network)
            throws CniError, IOException {
        try {
            NodeNetwork now = readiness.require(CniError.TRY_AGAIN);
            if (!now.podCidrs().equals(network.podCidrs())) {
                throw new CniError(
                        CniError.TRY_AGAIN,
                        "this node's podCIDRs changed from %s to %s just now"
                                .formatted(network.podCidrs(), now.podCidrs()));
            }
        } catch (CniError e) {
            leases.release(endpoint);
            throw e;
        }
    }

    /** Before the pod can send its first packet. */
    private void prepare(AddressLease lease, String uid, MacAddress mac, RuntimeConfig wishes)
            throws CniError, IOException {
        Endpoint endpoint = lease.endpoint();
        try {
            attachments.add(
                    new PodAttachment(endpoint, lease.pod(), uid, mac, wishes.portMappings()),
                    leases.endpoints());
        } catch (PortTakenException e) {
            leases.release(endpoint);
            throw new CniError(CniError.PORT_TAKEN, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            leases.release(endpoint);
            throw new CniError(
                    CniError.IO_FAILURE, "what %s is cannot be written".formatted(endpoint), e);
        }
        pass(lease);
    }

    private void pass(AddressLease lease) throws CniError, IOException {
        try {
            gate.await(lease);
        } catch (IOException e) {
            end(lease);
            throw new CniError(CniError.TRY_AGAIN, String.valueOf(e.getMessage()));
        }
    }

    private void end(AddressLease lease) throws IOException {
        attachments.remove(lease.endpoint());
        leases.release(lease.endpoint());
        gate.ended(lease);
    }

    private static Attachment attachment(
            AddressLease lease, RuntimeConfig wishes, NodeNetwork network) {
        List<PodAddress> addresses =
                lease.addresses().stream().map(each -> podAddress(each, network)).toList();
        Endpoint endpoint = lease.endpoint();
        MacAddress mac = wishes.mac();
        return new Attachment(
                Attachment.hostVeth(endpoint.containerId(), endpoint.ifName()),
                endpoint.ifName(),
                mac != null ? mac : MacAddress.ofPod(lease.addresses().getFirst()),
                addresses,
                network.bridge(),
                network.podMtu(),
                network.gsoMaxSize(),
                wishes.bandwidth(),
                lease.alias());
    }

    private static PodAddress podAddress(InetAddress address, NodeNetwork network) {
        Cidr range = network.rangeOf(address).orElseThrow();
        return new PodAddress(address, range, NodeNetwork.gateway(range));
    }

    private MacAddress attach(Attachment attachment, AddressLease lease, NetworkNamespace sandbox)
            throws IOException {
        try {
            MacAddress bridgeMac = wiring.attach(attachment, sandbox);
            // An ADD that is still in the journal at the next start was not answered, and is
            // undone.
            leases.confirm(lease.endpoint());
            return bridgeMac;
        } catch (IOException | RuntimeException e) {
            release(attachment, lease, e);
            throw e;
        }
    }

    /**
     * Without the certainty that the veth is gone the address stays taken until the DEL, or until
     * there is no veth.
     */
    private void release(Attachment attachment, AddressLease lease, Exception cause) {
        Endpoint endpoint = lease.endpoint();
        try {
            wiring.detach(attachment.hostVeth());
            end(lease);
        } catch (IOException | RuntimeException e) {
            leases.abandon(endpoint);
            cause.addSuppressed(e);
        }
    }
}
