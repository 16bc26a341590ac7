package dev.culvert.agent.policy;

import dev.culvert.iptables.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * Ports that a rule of a policy lets through: those of a name, a range, or all of the protocol.
 * Immutable, any thread.
 *
 * @param protocol of the ports
 * @param name of a port of the pod that the traffic goes to, which each pod may give another
 *     number; null if they are meant by number
 * @param first of the range, 0 if there is none
 * @param last of the range, {@code first} for a single port
 */
public record PolicyPort(Protocol protocol, @Nullable String name, int first, int last) {

    /** All ports of a protocol. */
    public static PolicyPort all(Protocol protocol) {
        return new PolicyPort(protocol, null, 0, 0);
    }

    /** One port, or several in a row. */
    public static PolicyPort range(Protocol protocol, int first, int last) {
        return new PolicyPort(protocol, null, first, last);
    }

    /** The port of that name. */
    public static PolicyPort named(Protocol protocol, String name) {
        return new PolicyPort(protocol, name, 0, 0);
    }

    /** Whether it means every port of its protocol. */
    public boolean isAll() {
        return name == null && first == 0;
    }

    /** For people, as {@code TCP 80-90}. */
    @Override
    public String toString() {
        if (name != null) {
            return protocol + " " + name;
        }
        String range = first == last ? "" + first : first + "-" + last;
        return isAll() ? protocol.toString() : protocol + " " + range;
    }
}
