package dev.culvert.bench.cni;

/** What makes the pods' interfaces. */
enum PluginMode {
    /** Our executable and the agent. */
    CULVERT("culvert"),
    /** Debian's plugins bridge and host-local. */
    BRIDGE("bridge");

    private final String label;

    PluginMode(String label) {
        this.label = label;
    }

    /** Its name in tables and files. */
    String label() {
        return label;
    }
}
