package dev.culvert.agent.state;

import java.net.InetAddress;
import java.util.List;

/**
 * What we use of a Pod object. Immutable.
 *
 * @param namespace its namespace
 * @param name its name
 * @param uid another one for each pod of the same name
 * @param addresses its addresses, empty until it has some
 */
public record PodInfo(String namespace, String name, String uid, List<InetAddress> addresses) {

    /** Copies the list. */
    public PodInfo {
        addresses = List.copyOf(addresses);
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }
}
