package dev.culvert.linux.route;

import dev.culvert.net.Cidr;
import java.net.InetAddress;

/**
 * An IP address on a link.
 *
 * @param linkIndex the interface
 * @param local the address itself
 * @param prefixLength the length of its on-link network
 * @param noDad IPv6: usable at once, without duplicate address detection ({@code IFA_F_NODAD})
 */
public record Address(int linkIndex, InetAddress local, int prefixLength, boolean noDad) {

    /** An address that is usable at once. */
    public static Address of(int linkIndex, InetAddress local, int prefixLength) {
        return new Address(linkIndex, local, prefixLength, true);
    }

    /** The on-link network. */
    public Cidr network() {
        return Cidr.containing(local, prefixLength);
    }

    @Override
    public String toString() {
        return local.getHostAddress() + "/" + prefixLength + " dev " + linkIndex;
    }
}
