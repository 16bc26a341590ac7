package dev.culvert.agent.sandbox;

import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.Route;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel has of an attachment, whether or not it is as it should be. Immutable.
 *
 * @param host the node's end; null when there is none
 * @param bridge the bridge; null when there is none
 * @param pod the interface of that name in the pod's namespace, of whatever kind; null when there
 *     is none
 * @param addresses of the pod's interface
 * @param routes by the pod's interface, of every table
 * @param neighbors of the pod's interface
 */
public record ObservedAttachment(
        @Nullable Link host,
        @Nullable Link bridge,
        @Nullable Link pod,
        List<Address> addresses,
        List<Route> routes,
        List<Neighbor> neighbors) {

    /** Copies the lists. */
    public ObservedAttachment {
        addresses = List.copyOf(addresses);
        routes = List.copyOf(routes);
        neighbors = List.copyOf(neighbors);
    }
}
