package dev.culvert.overlay.packet;

/** The header of an Ethernet II frame without VLAN tag (IEEE 802.3, clause 3). */
public final class EthernetHeader {
    /** Length in bytes. */
    public static final int BYTES = 14;

    /** Destination address, 6 bytes. */
    public static final int DESTINATION_OFFSET = 0;

    /** Source address, 6 bytes. */
    public static final int SOURCE_OFFSET = 6;

    /** What it carries, 2 bytes. */
    public static final int TYPE_OFFSET = 12;

    /** {@code ETH_P_IP}. */
    public static final int TYPE_IPV4 = 0x0800;

    /** {@code ETH_P_IPV6}. */
    public static final int TYPE_IPV6 = 0x86dd;

    private EthernetHeader() {}
}
