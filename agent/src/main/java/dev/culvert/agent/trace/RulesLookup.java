package dev.culvert.agent.trace;

import dev.culvert.agent.policy.PolicyVerdict;
import dev.culvert.iptables.Protocol;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** What the node's packet filter does with packets. Any thread. */
public interface RulesLookup {

    /**
     * Whether policies let a new connection through here, or null while they are not known.
     *
     * @param protocol null for one without ports
     */
    @Nullable PolicyVerdict verdict(
            InetAddress from, InetAddress to, @Nullable Protocol protocol, int port);

    /** Whether packets of pods that leave the cluster for there take the node's address. */
    boolean isMasqueraded(InetAddress destination);
}
