package dev.culvert.bench.path;

/** What is measured. */
enum Metric {
    /** One TCP connection. */
    TCP1("tcp1", "Mbit/s"),
    /** Eight TCP connections. */
    TCP8("tcp8", "Mbit/s"),
    /** A TCP connection in each direction, both together. */
    BIDI("bidi", "Mbit/s"),
    /** UDP datagrams of 64 bytes that arrived. */
    UDP64("udp64", "packets/s"),
    /** UDP datagrams of 64 bytes that were lost. */
    UDP64_LOSS("udp64Loss", "%"),
    /** UDP datagrams of 1400 bytes that arrived. */
    UDP1400("udp1400", "packets/s"),
    /** UDP datagrams of 1400 bytes that were lost. */
    UDP1400_LOSS("udp1400Loss", "%"),
    /** Half of the answers to one byte came within this. */
    RR_P50("rrP50", "us"),
    /** 99 of 100 answers came within this. */
    RR_P99("rrP99", "us"),
    /** 999 of 1000 answers came within this. */
    RR_P999("rrP999", "us"),
    /** Processor time of the whole machine while {@link #TCP1} ran. */
    CPU_PER_GB("cpuPerGB", "s/GB"),
    /** Resident memory of a node's process, the larger of the two. */
    RSS("rss", "MB");

    private final String label;
    private final String unit;

    Metric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    /** Its name in tables and files. */
    String label() {
        return label;
    }

    /** The unit of its values. */
    String unit() {
        return unit;
    }
}
