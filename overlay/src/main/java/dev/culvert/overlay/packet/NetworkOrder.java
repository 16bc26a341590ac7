package dev.culvert.overlay.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Unsigned numbers in network byte order, anywhere in memory. Stateless, any thread. */
public final class NetworkOrder {
    private static final ValueLayout.OfShort SHORT =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private NetworkOrder() {}

    /** One byte, 0 to 255. */
    public static int u8(MemorySegment memory, long offset) {
        return memory.get(JAVA_BYTE, offset) & 0xff;
    }

    /** Two bytes, 0 to 65535. */
    public static int u16(MemorySegment memory, long offset) {
        return memory.get(SHORT, offset) & 0xffff;
    }

    /** Four bytes. */
    public static int i32(MemorySegment memory, long offset) {
        return memory.get(INT, offset);
    }

    /** Eight bytes. */
    public static long i64(MemorySegment memory, long offset) {
        return memory.get(LONG, offset);
    }

    /** Writes one byte. */
    public static void u8(MemorySegment memory, long offset, int value) {
        memory.set(JAVA_BYTE, offset, (byte) value);
    }

    /** Writes two bytes. */
    public static void u16(MemorySegment memory, long offset, int value) {
        memory.set(SHORT, offset, (short) value);
    }

    /** Writes four bytes. */
    public static void i32(MemorySegment memory, long offset, int value) {
        memory.set(INT, offset, value);
    }

    /** Writes eight bytes. */
    public static void i64(MemorySegment memory, long offset, long value) {
        memory.set(LONG, offset, value);
    }
}
