package dev.culvert.bench.path;

import java.util.List;

/** The kind of network between the nodes: a veth pair with these offloads. */
enum Underlay implements Named {
    /** As the kernel makes it: large segments cross it whole, as between pods of one machine. */
    DEFAULT("default", "on", "off"),
    /** As a network card without offloads for tunnels: every packet crosses it by itself. */
    WIRE("wire", "off", "on");

    private final String label;
    private final String segmentation;
    private final String receive;

    Underlay(String label, String segmentation, String receive) {
        this.label = label;
        this.segmentation = segmentation;
        this.receive = receive;
    }

    @Override
    public String label() {
        return label;
    }

    /** What sets it on {@code eth0}. */
    List<String> command() {
        return List.of(
                "ethtool",
                "-K",
                "eth0",
                "tso",
                segmentation,
                "gso",
                segmentation,
                "gro",
                receive,
                "tx-udp-segmentation",
                segmentation);
    }
}
