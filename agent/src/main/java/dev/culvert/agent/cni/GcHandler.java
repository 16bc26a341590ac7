package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.linux.netns.NetworkNamespace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * GC: removes the attachments that the runtime does not know any more. One that a call is at work
 * on stays, since the runtime may have made its list before that call.
 */
final class GcHandler implements VerbHandler {
    private static final Logger LOG = LogManager.getLogger(GcHandler.class);

    private final LeaseTable leases;
    private final DelHandler del;
    private final ContainerLocks locks;

    /**
     * @param locks those that the other calls hold
     */
    GcHandler(LeaseTable leases, DelHandler del, ContainerLocks locks) {
        this.leases = leases;
        this.del = del;
        this.locks = locks;
    }

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError {
        request.versionFrom(CniVersion.V1_1_0);
        request.checkName();
        Optional<Set<Endpoint>> valid = request.validAttachments();
        if (valid.isEmpty()) {
            LOG.info("GC without a list of valid attachments removes nothing");
            return "";
        }
        List<String> failures = new ArrayList<>();
        for (AddressLease each : stale(valid.get())) {
            try {
                remove(each);
            } catch (CniError e) {
                failures.add(e.getMessage() + ": " + e.details());
            }
        }
        if (!failures.isEmpty()) {
            throw new CniError(
                    CniError.KERNEL_REFUSED,
                    "%d attachments cannot be removed".formatted(failures.size()),
                    String.join("; ", failures));
        }
        return "";
    }

    /** At the moment of looking no ADD begins or ends: each lease is its ADD's, or is done. */
    private List<AddressLease> stale(Set<Endpoint> valid) {
        return locks.whileNothingMoves(
                busy ->
                        leases.leases().stream()
                                .filter(each -> !valid.contains(each.endpoint()))
                                .filter(each -> !busy.contains(each.endpoint().containerId()))
                                .toList());
    }

    private void remove(AddressLease stale) throws CniError {
        Endpoint endpoint = stale.endpoint();
        try (ContainerLocks.Held held = locks.tryHold(endpoint.containerId())) {
            if (held != null && leases.of(endpoint).equals(Optional.of(stale))) {
                del.remove(endpoint);
                LOG.info("attachment is unknown to the runtime and removed lease={}", stale);
            }
        }
    }
}
