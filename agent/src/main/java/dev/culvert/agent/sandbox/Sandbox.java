package dev.culvert.agent.sandbox;

import dev.culvert.linux.route.Rtnetlink;
import java.io.IOException;

/**
 * A pod's network namespace from the inside. Only for the thread that {@link Sandboxes#call} runs
 * the work on, and only during that call.
 */
public interface Sandbox {

    /** Its links, addresses, routes and neighbours. */
    Rtnetlink rtnetlink();

    /**
     * Sets a sysctl of the namespace.
     *
     * @param path below {@code /proc/sys}, for example {@code net/ipv6/conf/eth0/accept_ra}
     */
    void sysctl(String path, String value) throws IOException;
}
