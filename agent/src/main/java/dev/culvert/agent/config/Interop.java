package dev.culvert.agent.config;

import java.util.Locale;

/** Whose nodes are peers besides Culvert's own. */
public enum Interop {
    /** Nobody's. */
    NONE,
    /** Nodes that run flannel with its vxlan backend. */
    FLANNEL;

    /** As it is written in the configuration. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
