package dev.culvert.agent.sandbox;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;

/**
 * An address of a pod in its node's range. Immutable.
 *
 * @param address the pod's own
 * @param range the node's pod range, which is the on-link network
 * @param gateway the bridge's address in it
 */
public record PodAddress(InetAddress address, Cidr range, InetAddress gateway) {

    /** The family of all three. */
    public IpFamily family() {
        return range.family();
    }

    /** The route to everything, in this family. */
    public Cidr everything() {
        return Cidr.containing(address, 0);
    }

    /** The address with the length of the range, as {@code 10.244.1.2/24}. */
    public String withLength() {
        return address.getHostAddress() + "/" + range.prefixLength();
    }
}
