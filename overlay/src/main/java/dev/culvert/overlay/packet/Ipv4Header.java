package dev.culvert.overlay.packet;

/**
 * Offsets in an IPv4 header.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc791#section-3.1">RFC 791, section 3.1</a>
 */
public final class Ipv4Header {
    /** Length in bytes without options. */
    public static final int MIN_BYTES = 20;

    /** Version and header length, 1 byte. */
    public static final int VERSION_OFFSET = 0;

    /** DSCP and ECN, 1 byte. */
    public static final int TOS_OFFSET = 1;

    /** Total length, 2 bytes. */
    public static final int LENGTH_OFFSET = 2;

    /** Identification, 2 bytes. */
    public static final int ID_OFFSET = 4;

    /** Flags and fragment offset, 2 bytes. */
    public static final int FRAGMENT_OFFSET = 6;

    /** Time to live, 1 byte. */
    public static final int TTL_OFFSET = 8;

    /** Protocol, 1 byte. */
    public static final int PROTOCOL_OFFSET = 9;

    /** Header checksum, 2 bytes. */
    public static final int CHECKSUM_OFFSET = 10;

    /** Source address, 4 bytes. */
    public static final int SOURCE_OFFSET = 12;

    /** Destination address, 4 bytes. */
    public static final int DESTINATION_OFFSET = 16;

    /** "More fragments" and the offset, without "don't fragment". */
    public static final int FRAGMENT_MASK = 0x3fff;

    /** "Don't fragment". */
    public static final int DONT_FRAGMENT = 0x4000;

    private Ipv4Header() {}
}
