package dev.culvert.agent.sync;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.net.Cidr;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What this node can do now, found by the first synchronizer and used by those behind it. The sync
 * thread writes; {@link #network} may be read by any thread.
 */
final class NodePlan {
    private @Nullable Underlay underlay;
    private List<Cidr> podCidrs = List.of();
    private volatile @Nullable NodeNetwork network;

    void set(Underlay found, List<Cidr> cidrs) {
        underlay = found;
        podCidrs = List.copyOf(cidrs);
    }

    void clear() {
        underlay = null;
        network = null;
    }

    Underlay underlay() throws NotReadyException {
        Underlay found = underlay;
        if (found == null) {
            throw new NotReadyException("the node's own addresses are not known yet");
        }
        return found;
    }

    List<Cidr> podCidrs() {
        return podCidrs;
    }

    void publish(@Nullable NodeNetwork value) {
        network = value;
    }

    @Nullable NodeNetwork network() {
        return network;
    }
}
