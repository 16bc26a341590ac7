package dev.culvert.agent.trace;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.RouteDecision;
import dev.culvert.linux.route.RouteQuery;

/** The kernel's choice of a route: the seam that tests fake. */
@FunctionalInterface
public interface RouteLookup {

    /**
     * Where the kernel would send such a packet.
     *
     * @throws LinuxException if nowhere
     */
    RouteDecision lookup(RouteQuery query) throws LinuxException;
}
