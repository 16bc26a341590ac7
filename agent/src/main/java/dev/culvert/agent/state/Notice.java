package dev.culvert.agent.state;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import org.jspecify.annotations.Nullable;

/**
 * Something that an operator should know, once. Immutable.
 *
 * @param reason what kind of thing
 * @param message one sentence that names what it is about
 * @param policy whose Event it is; null for one about this node
 */
public record Notice(Reason reason, String message, @Nullable NetworkPolicyInfo policy) {

    /** About this node. */
    public Notice(Reason reason, String message) {
        this(reason, message, null);
    }

    /** The kinds there are; {@link #text} is a contract. */
    public enum Reason {
        /** The node has no pod range, or one that cannot be used. */
        POD_CIDR_NOT_USABLE("PodCIDRNotUsable", true),
        /** Another node claims an overlapping pod range. */
        POD_CIDR_CONFLICT("PodCIDRConflict", true),
        /** Another node announces the same underlay address. */
        ADDRESS_CONFLICT("AddressConflict", true),
        /** No address of this machine leads to the other nodes. */
        NO_UNDERLAY("NoUnderlayAddress", true),
        /** The data path cannot be opened: the port is taken, there is no TUN device, ... */
        DATA_PATH_NOT_OPEN("DataPathNotOpen", true),
        /** The data path was taken away while it was in use; it is opened anew. */
        DATA_PATH_LOST("DataPathLost", true),
        /** The changed configuration file is refused; the last one stays in use. */
        CONFIG_REFUSED("ConfigRefused", true),
        /** A changed configuration file is in use. */
        CONFIG_CHANGED("ConfigChanged", false),
        /** A network policy is not in force as it was written. */
        POLICY_NOT_UNDERSTOOD("NetworkPolicyNotUnderstood", true),
        /** Something else keeps the node from being ready. */
        NOT_READY("NetworkNotReady", true),
        /** The underlay's address or MTU is another one now. */
        UNDERLAY_CHANGED("UnderlayChanged", false),
        /** What a notice said is over. */
        READY("NetworkReady", false);

        private final String text;
        private final boolean warning;

        Reason(String text, boolean warning) {
            this.text = text;
            this.warning = warning;
        }

        /** As an Event's reason. */
        public String text() {
            return text;
        }

        /** Whether something is wrong. */
        public boolean isWarning() {
            return warning;
        }
    }
}
