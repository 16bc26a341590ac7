package dev.culvert.agent.capture;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads what {@link PcapngWriter} has written on the same machine. One thread. */
public final class PcapngReader {
    private static final int HEADER = 8;
    private static final int LONGEST = 1 << 20;

    private final InputStream in;

    /** A block. Immutable. */
    public static final class Block {
        private final int type;
        private final ByteBuffer body;
        private final byte[] raw;

        Block(int type, ByteBuffer body, byte[] raw) {
            this.type = type;
            this.body = body;
            this.raw = raw;
        }

        /** Writes all of its bytes as they were read. */
        public void writeTo(OutputStream out) throws IOException {
            out.write(raw);
        }

        /** Whether it is a packet. */
        public boolean isPacket() {
            return type == PcapngWriter.PACKET;
        }

        /** Whether it is the statistics, which come last. */
        public boolean isLast() {
            return type == PcapngWriter.STATISTICS;
        }

        /** When, in nanoseconds since 1970. */
        public long nanos() {
            return ((long) body.getInt(4) << 32) | (body.getInt(8) & 0xffffffffL);
        }

        /** The packet's bytes that were kept. */
        public byte[] packet() {
            byte[] bytes = new byte[body.getInt(12)];
            body.get(20, bytes);
            return bytes;
        }

        /** Whether the node sent the packet. */
        public boolean isOutgoing() {
            ByteBuffer flags = option(20 + ((body.getInt(12) + 3) & ~3), PcapngWriter.PACKET_FLAGS);
            return flags != null && flags.getInt(0) == 2;
        }

        /** Packets that the onlooker lost. */
        public long dropped() {
            ByteBuffer value = option(12, PcapngWriter.DROPPED);
            return value == null ? 0 : value.getLong(0);
        }

        private @Nullable ByteBuffer option(int start, int code) {
            int at = start;
            while (at + 4 <= body.limit() && body.getShort(at) != 0) {
                int length = body.getShort(at + 2) & 0xffff;
                if (body.getShort(at) == code) {
                    return body.slice(at + 4, length).order(ByteOrder.nativeOrder());
                }
                at += 4 + ((length + 3) & ~3);
            }
            return null;
        }
    }

    /** Takes the bytes from {@code in}. */
    public PcapngReader(InputStream in) {
        this.in = in;
    }

    /** The next block, or null at the end. */
    public @Nullable Block next() throws IOException {
        byte[] header = in.readNBytes(HEADER);
        if (header.length < HEADER) {
            return null;
        }
        ByteBuffer numbers = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
        int length = numbers.getInt(4);
        if (length < HEADER + 4 || length > LONGEST) {
            throw new IOException("what came is no pcapng: a block of " + length + " bytes");
        }
        byte[] raw = Arrays.copyOf(header, length);
        if (in.readNBytes(raw, HEADER, length - HEADER) < length - HEADER) {
            throw new EOFException("the capture broke off");
        }
        ByteBuffer body =
                ByteBuffer.wrap(raw, HEADER, length - HEADER - 4)
                        .slice()
                        .order(ByteOrder.nativeOrder());
        return new Block(numbers.getInt(0), body, raw);
    }
}
