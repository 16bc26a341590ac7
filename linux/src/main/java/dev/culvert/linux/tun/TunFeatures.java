package dev.culvert.linux.tun;

/**
 * What a TUN queue may hand over unfinished and take back: {@code TUN_F_*} of {@code
 * linux/if_tun.h}. Immutable.
 *
 * @param checksum packets whose TCP or UDP checksum is still to be completed
 * @param tcp4 TCP super-packets over IPv4
 * @param tcp6 TCP super-packets over IPv6
 * @param udp UDP super-packets of equal datagrams, both families (Linux 6.2)
 */
public record TunFeatures(boolean checksum, boolean tcp4, boolean tcp6, boolean udp) {
    /** Whole packets with finished checksums only. */
    public static final TunFeatures NONE = new TunFeatures(false, false, false, false);

    /** Everything that Culvert makes use of. */
    public static final TunFeatures ALL = new TunFeatures(true, true, true, true);

    private static final int TUN_F_CSUM = 0x01;
    private static final int TUN_F_TSO4 = 0x02;
    private static final int TUN_F_TSO6 = 0x04;
    private static final int TUN_F_USO4 = 0x20;
    private static final int TUN_F_USO6 = 0x40;

    /** The bits for {@code TUNSETOFFLOAD}. The kernel refuses segmentation without checksums. */
    int bits() {
        if (!checksum) {
            return 0;
        }
        return TUN_F_CSUM
                | (tcp4 ? TUN_F_TSO4 : 0)
                | (tcp6 ? TUN_F_TSO6 : 0)
                | (udp ? TUN_F_USO4 | TUN_F_USO6 : 0);
    }

    /** Without UDP super-packets. */
    TunFeatures withoutUdp() {
        return new TunFeatures(checksum, tcp4, tcp6, false);
    }
}
