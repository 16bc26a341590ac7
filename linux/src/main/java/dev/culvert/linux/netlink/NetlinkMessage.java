package dev.culvert.linux.netlink;

import dev.culvert.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A message from the kernel. Immutable as long as nobody writes to the buffer, any thread.
 *
 * @param type for example {@code RTM_NEWLINK}
 * @param flags {@code NLM_F_} bits
 * @param sequence the number of the request that it answers, 0 for a notification
 * @param payload what follows {@code struct nlmsghdr}, in the machine's byte order
 */
public record NetlinkMessage(int type, int flags, int sequence, ByteBuffer payload) {
    static final int HEADER = 16;

    /** Splits a datagram into its messages. */
    static List<NetlinkMessage> parse(byte[] datagram) throws LinuxException {
        ByteBuffer rest = ByteBuffer.wrap(datagram).order(ByteOrder.nativeOrder());
        List<NetlinkMessage> messages = new ArrayList<>();
        while (rest.hasRemaining()) {
            int start = rest.position();
            int length = rest.remaining() < HEADER ? 0 : rest.getInt(start);
            if (length < HEADER || length > rest.remaining()) {
                throw AttributeReader.malformed(
                        "a message says %d bytes of the %d that are left"
                                .formatted(length, rest.remaining()));
            }
            messages.add(
                    new NetlinkMessage(
                            Short.toUnsignedInt(rest.getShort(start + 4)),
                            Short.toUnsignedInt(rest.getShort(start + 6)),
                            rest.getInt(start + 8),
                            rest.slice(start + HEADER, length - HEADER)
                                    .order(ByteOrder.nativeOrder())));
            rest.position(Math.min(rest.limit(), start + ((length + 3) & ~3)));
        }
        return messages;
    }

    /**
     * The fixed structure at the beginning.
     *
     * @throws LinuxException with {@code EIO} if the message is shorter than {@code size}
     */
    public ByteBuffer structure(int size) throws LinuxException {
        checkSize(size);
        return payload.slice(0, size).order(ByteOrder.nativeOrder());
    }

    /** The attributes behind a fixed structure of {@code size} bytes. */
    public AttributeReader attributes(int size) throws LinuxException {
        checkSize(size);
        int aligned = Math.min(payload.limit(), (size + 3) & ~3);
        return AttributeReader.parse(payload.slice(aligned, payload.limit() - aligned));
    }

    private void checkSize(int size) throws LinuxException {
        if (payload.limit() < size) {
            throw AttributeReader.malformed(
                    "message type %d has %d bytes, its structure needs %d"
                            .formatted(type, payload.limit(), size));
        }
    }
}
