package dev.culvert.overlay.packet;

/**
 * The VXLAN header: 8 bytes in front of the inner frame.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7348#section-5">RFC 7348, section 5</a>
 */
public final class VxlanHeader {
    /** Length in bytes. */
    public static final int BYTES = 8;

    /** Flags and 24 reserved bits, 32 bits. */
    public static final int FLAGS_OFFSET = 0;

    /** VNI in the upper 24 bits, 8 reserved bits below. */
    public static final int VNI_OFFSET = 4;

    /** The I flag: the VNI is valid. All other bits of the first word are reserved. */
    public static final int FLAG_VNI_VALID = 0x0800_0000;

    /**
     * Remote checksum offload: the last byte says where the inner checksum is, which holds only its
     * seed. {@code VXLAN_HF_RCO} of Linux, from draft-herbert-vxlan-rco.
     */
    public static final int FLAG_REMOTE_CHECKSUM = 0x0020_0000;

    /** In the last byte: where summing begins behind this header, in units of two bytes. */
    public static final int REMOTE_CHECKSUM_START_MASK = 0x7f;

    /** In the last byte: the checksum is at UDP's place, else at TCP's. */
    public static final int REMOTE_CHECKSUM_UDP = 0x80;

    private VxlanHeader() {}
}
