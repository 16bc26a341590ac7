package dev.culvert.overlay.packet;

/**
 * Offsets in a UDP header.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc768">RFC 768</a>
 */
public final class UdpHeader {
    /** Its protocol number. */
    public static final int PROTOCOL = 17;

    /** Length in bytes. */
    public static final int BYTES = 8;

    /** Source and destination port, 2 bytes each. */
    public static final int PORTS_OFFSET = 0;

    /** Length of header and payload, 2 bytes. */
    public static final int LENGTH_OFFSET = 4;

    /** Checksum, 2 bytes; 0 for none (IPv4 only). */
    public static final int CHECKSUM_OFFSET = 6;

    private UdpHeader() {}
}
