package dev.culvert.agent.capture;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes one section with one interface of IP packets. One thread.
 *
 * @see <a href="https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html">pcapng</a>
 */
public final class PcapngWriter {
    static final int SECTION = 0x0A0D0D0A;
    static final int INTERFACE = 1;
    static final int STATISTICS = 5;
    static final int PACKET = 6;
    static final int COMMENT = 1;

    /** {@code epb_flags}, and {@code isb_ifrecv}, {@code isb_ifdrop}. */
    static final int PACKET_FLAGS = 2;

    static final int RECEIVED = 4;
    static final int DROPPED = 5;

    private static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;

    /** {@code LINKTYPE_RAW}: each packet begins with its IP header. */
    private static final int RAW = 101;

    private static final int IF_NAME = 2;
    private static final int IF_DESCRIPTION = 3;
    private static final int IF_TSRESOL = 9;
    private static final int USER_APPLICATION = 4;
    private static final int OPTION_HEADER = 4;

    private final OutputStream out;
    private long bytes;

    /** Nothing is written before {@link #begin}. */
    public PcapngWriter(OutputStream out) {
        this.out = out;
    }

    /** Bytes written so far. */
    public long bytes() {
        return bytes;
    }

    /** Writes section and interface. */
    public void begin(String application, String name, String description, int snapLength)
            throws IOException {
        ByteBuffer section = body(64 + application.length());
        section.putInt(BYTE_ORDER_MAGIC).putShort((short) 1).putShort((short) 0).putLong(-1);
        text(section, USER_APPLICATION, application);
        block(SECTION, end(section));
        ByteBuffer link = body(128 + name.length() + description.length());
        link.putShort((short) RAW).putShort((short) 0).putInt(snapLength);
        text(link, IF_NAME, name);
        text(link, IF_DESCRIPTION, description);
        option(link, IF_TSRESOL, new byte[] {9});
        block(INTERFACE, end(link));
    }

    /**
     * Writes a packet.
     *
     * @param nanos since 1970
     * @param length bytes of {@code packet} that are kept
     */
    public void packet(long nanos, byte[] packet, int length, boolean outgoing, String comment)
            throws IOException {
        ByteBuffer body = body(64 + length + 4 * comment.length());
        body.putInt(0).putInt((int) (nanos >>> 32)).putInt((int) nanos);
        body.putInt(length).putInt(packet.length).put(packet, 0, length);
        pad(body);
        ByteBuffer flags = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder());
        option(body, PACKET_FLAGS, flags.putInt(outgoing ? 2 : 1).array());
        if (!comment.isEmpty()) {
            text(body, COMMENT, comment);
        }
        block(PACKET, end(body));
    }

    /** Writes how many packets were wanted, and how many the onlooker lost. */
    public void statistics(long nanos, long received, long dropped) throws IOException {
        ByteBuffer body = body(64);
        body.putInt(0).putInt((int) (nanos >>> 32)).putInt((int) nanos);
        option(body, RECEIVED, number(received));
        option(body, DROPPED, number(dropped));
        block(STATISTICS, end(body));
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(value).array();
    }

    private static ByteBuffer body(int room) {
        return ByteBuffer.allocate(room).order(ByteOrder.nativeOrder());
    }

    private static void text(ByteBuffer body, int code, String text) {
        option(body, code, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void option(ByteBuffer body, int code, byte[] value) {
        body.putShort((short) code).putShort((short) value.length).put(value);
        pad(body);
    }

    private static void pad(ByteBuffer body) {
        while (body.position() % 4 != 0) {
            body.put((byte) 0);
        }
    }

    private static ByteBuffer end(ByteBuffer body) {
        return body.putInt(0).flip();
    }

    private void block(int type, ByteBuffer body) throws IOException {
        int length = body.remaining() + 3 * OPTION_HEADER;
        ByteBuffer block = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
        block.putInt(type).putInt(length).put(body).putInt(length);
        out.write(block.array());
        bytes += length;
    }
}
