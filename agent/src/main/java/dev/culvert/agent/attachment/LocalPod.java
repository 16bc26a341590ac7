package dev.culvert.agent.attachment;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.net.MacAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod of this node: its addresses and what else is known of its attachment. Immutable.
 *
 * @param lease its addresses
 * @param attachment the rest; null for one that an agent made which did not write it down
 */
public record LocalPod(AddressLease lease, @Nullable PodAttachment attachment) {

    /** The hardware address of the pod's end, or null if it is not known. */
    public @Nullable MacAddress mac() {
        return attachment == null ? null : attachment.mac();
    }

    /** What a later pod of its name does not have, or empty if it is not known. */
    public String uid() {
        return attachment == null ? "" : attachment.uid();
    }

    /** The node's ports that lead to it. */
    public List<PortMapping> ports() {
        return attachment == null ? List.of() : attachment.ports();
    }
}
