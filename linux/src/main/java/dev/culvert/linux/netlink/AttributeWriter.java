package dev.culvert.linux.netlink;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Writes netlink attributes ({@code struct nlattr} of {@code linux/netlink.h}) and the fixed
 * structures before them, in the machine's byte order, each padded to four bytes. Grows. One
 * thread.
 */
public final class AttributeWriter {
    private static final int HEADER = 4;
    private static final int NLA_F_NESTED = 0x8000;
    private static final int LONGEST = 0xffff;

    private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());

    /** A fixed structure, before or between attributes. */
    public AttributeWriter structure(byte[] bytes) {
        reserve(bytes.length);
        buffer.put(bytes);
        pad();
        return this;
    }

    /** An attribute of one byte. */
    public AttributeWriter u8(int type, int value) {
        return bytes(type, new byte[] {(byte) value});
    }

    /** An attribute of four bytes. */
    public AttributeWriter u32(int type, int value) {
        return bytes(type, scratch(Integer.BYTES).putInt(value).array());
    }

    /** A text with the zero byte that ends it. */
    public AttributeWriter text(int type, String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        return bytes(type, Arrays.copyOf(text, text.length + 1));
    }

    /** The bytes of an IP address. */
    public AttributeWriter address(int type, InetAddress value) {
        return bytes(type, value.getAddress());
    }

    /** An attribute with these bytes. */
    public AttributeWriter bytes(int type, byte[] value) {
        int length = HEADER + value.length;
        checkLength(type, length);
        reserve(length);
        buffer.putShort((short) length).putShort((short) type).put(value);
        pad();
        return this;
    }

    /** An attribute that consists of what {@code content} writes, marked as nested. */
    public AttributeWriter nested(int type, Consumer<AttributeWriter> content) {
        int start = buffer.position();
        reserve(HEADER);
        buffer.putShort((short) 0).putShort((short) (type | NLA_F_NESTED));
        content.accept(this);
        int length = buffer.position() - start;
        checkLength(type, length);
        buffer.putShort(start, (short) length);
        return this;
    }

    /** What was written so far. */
    public byte[] toByteArray() {
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private static ByteBuffer scratch(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    private static void checkLength(int type, int length) {
        if (length > LONGEST) {
            throw new IllegalArgumentException(
                    "netlink attribute %d would have %d bytes, the most is %d"
                            .formatted(type, length, LONGEST));
        }
    }

    private void pad() {
        while (buffer.position() % 4 != 0) {
            buffer.put((byte) 0);
        }
    }

    private void reserve(int length) {
        int needed = buffer.position() + length + HEADER;
        if (needed > buffer.capacity()) {
            ByteBuffer larger = scratch(Math.max(needed, 2 * buffer.capacity()));
            buffer = larger.put(buffer.flip());
        }
    }
}
