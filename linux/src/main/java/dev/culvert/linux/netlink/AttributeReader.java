package dev.culvert.linux.netlink;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The netlink attributes of a message or of a nested attribute, by type; of two with the same type
 * the later one counts. An answer that is cut short or does not add up is {@code EIO}. Immutable,
 * any thread.
 */
public final class AttributeReader {
    private static final int HEADER = 4;

    /** Without {@code NLA_F_NESTED} and {@code NLA_F_NET_BYTEORDER}. */
    private static final int TYPE_MASK = 0x3fff;

    private final Map<Integer, ByteBuffer> values;

    private AttributeReader(Map<Integer, ByteBuffer> values) {
        this.values = values;
    }

    /** Splits all of {@code data} into attributes; its position does not move. */
    public static AttributeReader parse(ByteBuffer data) throws LinuxException {
        ByteBuffer rest = data.slice().order(ByteOrder.nativeOrder());
        Map<Integer, ByteBuffer> values = new HashMap<>();
        while (rest.remaining() >= HEADER) {
            int start = rest.position();
            int length = Short.toUnsignedInt(rest.getShort(start));
            int type = rest.getShort(start + 2) & TYPE_MASK;
            if (length < HEADER || length > rest.remaining()) {
                throw malformed(
                        "attribute %d says %d bytes of the %d that are left"
                                .formatted(type, length, rest.remaining()));
            }
            values.put(type, slice(rest, start + HEADER, length - HEADER));
            rest.position(Math.min(rest.limit(), start + ((length + 3) & ~3)));
        }
        return new AttributeReader(values);
    }

    private static ByteBuffer slice(ByteBuffer buffer, int offset, int length) {
        return buffer.slice(offset, length).order(ByteOrder.nativeOrder());
    }

    static LinuxException malformed(String what) {
        return new LinuxException("netlink", Errno.EIO, "malformed answer: " + what);
    }

    /** Whether there is such an attribute. */
    public boolean has(int type) {
        return values.containsKey(type);
    }

    /** A number of four bytes, or {@code fallback} when the attribute is missing. */
    public int u32(int type, int fallback) throws LinuxException {
        ByteBuffer value = values.get(type);
        return value == null ? fallback : exactly(type, Integer.BYTES, value).getInt(0);
    }

    /** A number of one byte, or {@code fallback} when the attribute is missing. */
    public int u8(int type, int fallback) throws LinuxException {
        ByteBuffer value = values.get(type);
        return value == null ? fallback : exactly(type, 1, value).get(0) & 0xff;
    }

    /** A text without the zero byte that ends it, empty when the attribute is missing. */
    public String text(int type) {
        byte[] value = bytes(type);
        if (value == null) {
            return "";
        }
        int length = 0;
        while (length < value.length && value[length] != 0) {
            length++;
        }
        return new String(value, 0, length, StandardCharsets.UTF_8);
    }

    /** The bytes, or null when the attribute is missing. */
    public byte @Nullable [] bytes(int type) {
        ByteBuffer value = values.get(type);
        if (value == null) {
            return null;
        }
        byte[] bytes = new byte[value.remaining()];
        value.get(0, bytes);
        return bytes;
    }

    /** An IP address, or null when the attribute is missing. */
    public @Nullable InetAddress address(int type) throws LinuxException {
        byte[] bytes = bytes(type);
        if (bytes == null) {
            return null;
        }
        if (bytes.length != 4 && bytes.length != 16) {
            throw malformed("attribute %d is no address: %d bytes".formatted(type, bytes.length));
        }
        return IpAddresses.of(bytes);
    }

    /** The attributes inside an attribute; none when it is missing. */
    public AttributeReader nested(int type) throws LinuxException {
        ByteBuffer value = values.get(type);
        return value == null ? new AttributeReader(Map.of()) : parse(value);
    }

    private static ByteBuffer exactly(int type, int bytes, ByteBuffer value) throws LinuxException {
        if (value.remaining() != bytes) {
            throw malformed(
                    "attribute %d has %d bytes, not %d".formatted(type, value.remaining(), bytes));
        }
        return value;
    }
}
