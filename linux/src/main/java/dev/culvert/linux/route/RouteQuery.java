package dev.culvert.linux.route;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A packet that the kernel is asked to route in thought. Immutable.
 *
 * @param destination where it goes
 * @param source where it comes from, or null for one that the node itself sends
 * @param arrivesOn the interface that it arrives on, 0 for one that the node itself sends
 */
public record RouteQuery(InetAddress destination, @Nullable InetAddress source, int arrivesOn) {

    /** One that the node itself sends, from whatever address suits. */
    public static RouteQuery fromHere(InetAddress destination) {
        return new RouteQuery(destination, null, 0);
    }
}
