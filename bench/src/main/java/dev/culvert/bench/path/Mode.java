package dev.culvert.bench.path;

/** What carries packets from one node to the other. */
enum Mode implements Named {
    /** Culvert, one process on each node. */
    CULVERT("culvert"),
    /** Culvert with one packet a system call. */
    CULVERT_PLAIN("culvert-plain"),
    /** The vxlan device of the kernel: what everything is compared with. */
    KERNEL("kernel"),
    /** Plain routes over the underlay, without a tunnel. */
    ROUTING("routing");

    private final String label;

    Mode(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    /** Whether packets pass through a process. */
    boolean isCulvert() {
        return this == CULVERT || this == CULVERT_PLAIN;
    }
}
