package dev.culvert.agent.sync;

import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What this node can do now, found by the first synchronizer and used by those behind it. The sync
 * thread writes; {@link #network} and {@link #retained} may be read by any.
 */
final class NodePlan {
    private final Repairs repairs;
    private @Nullable Underlay underlay;
    private List<Cidr> podCidrs = List.of();
    private volatile List<Cidr> retained = List.of();
    private volatile @Nullable NodeNetwork network;
    private volatile Supplier<Set<InetAddress>> held = Set::of;

    NodePlan() {
        this(new Repairs(new RecentChanges()));
    }

    NodePlan(Repairs repairs) {
        this.repairs = repairs;
    }

    /** Where repairs are counted. */
    Repairs repairs() {
        return repairs;
    }

    void set(Underlay found, List<Cidr> cidrs) {
        underlay = found;
        podCidrs = List.copyOf(cidrs);
    }

    /** No pod may get an address of ranges that are no longer this node's. */
    void stopOutdatedAdds() {
        NodeNetwork current = network;
        if (current != null && !current.podCidrs().equals(podCidrs)) {
            network = null;
        }
    }

    void retain(List<Cidr> earlier) {
        retained = List.copyOf(earlier);
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

    /** The ranges that new pods get their addresses from. */
    List<Cidr> podCidrs() {
        return podCidrs;
    }

    /** Earlier ranges that pods still live in. Any thread. */
    List<Cidr> retained() {
        return retained;
    }

    /** All ranges that pods of this node may have addresses of, the present ones first. */
    List<Cidr> ranges() {
        return Stream.concat(podCidrs.stream(), retained.stream()).toList();
    }

    void holdOn(Supplier<Set<InetAddress>> addresses) {
        held = addresses;
    }

    /** Every address that a pod of this node has. */
    Set<InetAddress> held() {
        return held.get();
    }

    void publish(@Nullable NodeNetwork value) {
        network = value;
    }

    @Nullable NodeNetwork network() {
        return network;
    }
}
