package dev.culvert.agent.state;

import java.time.Instant;
import java.util.Locale;

/**
 * Something notable that happened on this node or among its peers. Immutable.
 *
 * @param time when
 * @param kind what it is about
 * @param text one line for people
 */
public record Change(Instant time, Kind kind, String text) {

    /** What changes are about; {@link #label} is a contract. */
    public enum Kind {
        /** Another node came, went, or is somewhere else. */
        PEER,
        /** Another node answers the probe again, or does so no longer. */
        HEALTH,
        /** Something that others changed was put right. */
        REPAIR,
        /** A readiness condition holds or does not. */
        READINESS,
        /** The Kubernetes API can be used or not. */
        API,
        /** This node's own place in the network. */
        NODE,
        /** The agent's configuration. */
        CONFIG;

        /** As {@code /status} prints it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
