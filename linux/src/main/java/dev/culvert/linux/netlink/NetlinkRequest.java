package dev.culvert.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message to the kernel: type, flags, and a body that starts with the type's fixed structure. One
 * thread until it is sent.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>, {@code
 *     linux/netlink.h}
 */
public final class NetlinkRequest {
    /** {@code NLM_F_REPLACE}. */
    public static final int REPLACE = 0x100;

    /** {@code NLM_F_EXCL}. */
    public static final int EXCLUSIVE = 0x200;

    /** {@code NLM_F_CREATE}. */
    public static final int CREATE = 0x400;

    private static final int NLM_F_REQUEST = 0x1;
    private static final int NLM_F_ACK = 0x4;

    /** {@code NLM_F_ROOT | NLM_F_MATCH}. */
    private static final int NLM_F_DUMP = 0x300;

    private final int type;
    private final int flags;
    private final boolean dump;
    private final String object;
    private final AttributeWriter body = new AttributeWriter();

    private NetlinkRequest(int type, int flags, boolean dump, String object) {
        this.type = type;
        this.flags = flags;
        this.dump = dump;
        this.object = object;
    }

    /**
     * A request that the kernel carries out and acknowledges.
     *
     * @param type for example {@code RTM_NEWLINK}
     * @param flags {@link #CREATE}, {@link #EXCLUSIVE}, {@link #REPLACE} or 0
     * @param object what it is about, for the message of an error
     */
    public static NetlinkRequest of(int type, int flags, String object) {
        return new NetlinkRequest(type, NLM_F_REQUEST | NLM_F_ACK | flags, false, object);
    }

    /** A request for all objects of a kind. */
    public static NetlinkRequest dump(int type, String object) {
        return new NetlinkRequest(type, NLM_F_REQUEST | NLM_F_DUMP, true, object);
    }

    /** Where the fixed structure and the attributes go. */
    public AttributeWriter body() {
        return body;
    }

    boolean isDump() {
        return dump;
    }

    String object() {
        return object;
    }

    byte[] encode(int sequence) {
        byte[] bytes = body.toByteArray();
        int length = NetlinkMessage.HEADER + bytes.length;
        return ByteBuffer.allocate(length)
                .order(ByteOrder.nativeOrder())
                .putInt(length)
                .putShort((short) type)
                .putShort((short) flags)
                .putInt(sequence)
                .putInt(0)
                .put(bytes)
                .array();
    }
}
