package dev.culvert.overlay.packet;

/**
 * Offsets in an IPv6 header, and the numbers of the extension headers.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8200#section-3">RFC 8200, section 3</a>
 */
public final class Ipv6Header {
    /** Length in bytes. */
    public static final int BYTES = 40;

    /** Version, traffic class and flow label, 4 bytes. */
    public static final int VERSION_OFFSET = 0;

    /** Payload length, 2 bytes. */
    public static final int LENGTH_OFFSET = 4;

    /** Next header, 1 byte. */
    public static final int NEXT_HEADER_OFFSET = 6;

    /** Hop limit, 1 byte. */
    public static final int HOP_LIMIT_OFFSET = 7;

    /** Source address, 16 bytes. */
    public static final int SOURCE_OFFSET = 8;

    /** Destination address, 16 bytes. */
    public static final int DESTINATION_OFFSET = 24;

    /** Hop-by-hop options. */
    public static final int HOP_BY_HOP = 0;

    /** Routing header. */
    public static final int ROUTING = 43;

    /** Fragment header, always 8 bytes. */
    public static final int FRAGMENT = 44;

    /** Destination options. */
    public static final int DESTINATION_OPTIONS = 60;

    private Ipv6Header() {}
}
