package dev.culvert.bench.path;

/** What is measured. */
enum Metric implements Named {
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
    /** Half of the answers came within this. */
    RR_P50("rrP50", "us"),
    /** 99 of 100 answers came within this. */
    RR_P99("rrP99", "us"),
    /** 999 of 1000 answers came within this. */
    RR_P999("rrP999", "us"),
    /** Half of the answers, beside a TCP connection. */
    RR_LOAD_P50("rrLoadP50", "us"),
    /** 99 of 100 answers, beside a TCP connection. */
    RR_LOAD_P99("rrLoadP99", "us"),
    /** 999 of 1000 answers, beside a TCP connection. */
    RR_LOAD_P999("rrLoadP999", "us"),
    /** What came to the pod meanwhile, which shows whether that connection got its rate. */
    RR_LOAD_RATE("rrLoadRate", "Mbit/s"),
    /** Processor time of the whole machine while {@link #TCP1} ran. */
    CPU_PER_GB("cpuPerGB", "s/GB"),
    /** Processor time of the whole machine while {@link #UDP64} ran, for packets that arrived. */
    CPU_PER_MILLION_64("cpuPerMillionPackets64", "s/million"),
    /**
     * What a node's process takes from its heap while {@link #TCP8} runs; the larger of the two.
     */
    ALLOCATION("allocation", "kB/s"),
    /** Resident memory of a node's process after the runs of a round, the larger of the two. */
    RSS("rss", "MB"),
    /** The same at its height while {@link #TCP8} ran. */
    RSS_LOAD("rssLoad", "MB");

    private final String label;
    private final String unit;

    Metric(String label, String unit) {
        this.label = label;
        this.unit = unit;
    }

    @Override
    public String label() {
        return label;
    }

    /** The unit of its values. */
    String unit() {
        return unit;
    }
}
