package dev.culvert.bench.path;

/** The kinds of run; each gives one or more metrics. */
enum Run implements Named {
    /** One TCP connection. */
    TCP1("tcp1"),
    /** Eight TCP connections. */
    TCP8("tcp8"),
    /** A TCP connection in each direction. */
    BIDI("bidi"),
    /** UDP datagrams of 64 bytes. */
    UDP64("udp64"),
    /** UDP datagrams of 1400 bytes. */
    UDP1400("udp1400"),
    /** Request and response, nothing else sent. */
    RR("rr"),
    /** Request and response beside a TCP connection of a limited rate. */
    RR_LOAD("rrLoad");

    private final String label;

    Run(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }
}
