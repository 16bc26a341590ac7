package dev.culvert.overlay;

import java.util.Locale;

/** A part of the data path that can be off: by configuration, or where the kernel lacks it. */
public enum Feature {
    /** Packets from and to the kernel with checksums that are not finished. */
    TUN_CHECKSUM,
    /** TCP super-packets over IPv4 from and to the kernel. */
    TUN_TCP4,
    /** TCP super-packets over IPv6. */
    TUN_TCP6,
    /** UDP super-packets of both families. */
    TUN_UDP,
    /** Several datagrams to a peer in one call ({@code UDP_SEGMENT}). */
    UDP_SEGMENTATION,
    /** Several datagrams of a peer in one message ({@code UDP_GRO}). */
    UDP_RECEIVE_OFFLOAD,
    /** Consecutive packets of a flow put together on their way to the kernel. */
    COALESCING,
    /** Inner checksums left to the receiving node, between nodes that both say so. */
    REMOTE_CHECKSUM,
    /** ICMP errors about packets that do not fit or that nobody takes. */
    ICMP_ERRORS;

    /** The value of the metric's label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Its place in an array, which nothing outside this process ever sees. */
    @SuppressWarnings("EnumOrdinal")
    int slot() {
        return ordinal();
    }
}
