package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import java.io.IOException;

/**
 * What an ADD passes before the pod gets its interface: it opens once the node's packet filter
 * knows the pod's addresses. Any thread.
 */
public interface AttachmentGate {
    /** Lets everything pass. */
    AttachmentGate OPEN =
            new AttachmentGate() {
                @Override
                public void await(AddressLease lease) {}

                @Override
                public void ended(AddressLease lease) {}
            };

    /**
     * Returns once all rules about these addresses are in force. The lease is in the table, and the
     * pod has no interface yet.
     *
     * @throws IOException with a sentence for people, if that takes too long; the ADD is then
     *     undone and {@link #ended} follows
     */
    void await(AddressLease lease) throws IOException;

    /** Nobody has these addresses any more: what is about them may go. Does not wait. */
    void ended(AddressLease lease);
}
