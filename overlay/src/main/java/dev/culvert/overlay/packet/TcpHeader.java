package dev.culvert.overlay.packet;

/**
 * Offsets in a TCP header, and its flags.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9293#section-3.1">RFC 9293, section 3.1</a>
 */
public final class TcpHeader {
    /** Its protocol number. */
    public static final int PROTOCOL = 6;

    /** Length in bytes without options. */
    public static final int MIN_BYTES = 20;

    /** Source and destination port, 2 bytes each. */
    public static final int PORTS_OFFSET = 0;

    /** Sequence number, 4 bytes. */
    public static final int SEQUENCE_OFFSET = 4;

    /** Acknowledgment number, 4 bytes. */
    public static final int ACKNOWLEDGMENT_OFFSET = 8;

    /** Header length in words in the upper four bits, 1 byte. */
    public static final int DATA_OFFSET_OFFSET = 12;

    /** Flags, 1 byte. */
    public static final int FLAGS_OFFSET = 13;

    /** Window, 2 bytes. */
    public static final int WINDOW_OFFSET = 14;

    /** Checksum, 2 bytes. */
    public static final int CHECKSUM_OFFSET = 16;

    /** FIN. */
    public static final int FIN = 0x01;

    /** PSH. */
    public static final int PSH = 0x08;

    /** ACK. */
    public static final int ACK = 0x10;

    /** CWR (RFC 3168). */
    public static final int CWR = 0x80;

    /** Urgent pointer, 16 bits. */
    public static final int URGENT_OFFSET = 18;

    private TcpHeader() {}
}
