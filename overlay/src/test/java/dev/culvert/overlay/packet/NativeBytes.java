package dev.culvert.overlay.packet;

import dev.culvert.linux.IoVector;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Between arrays and native memory, for tests. */
public final class NativeBytes {
    private NativeBytes() {}

    /** A native copy that lives as long as the JVM, as vectors keep addresses only. */
    public static MemorySegment copy(byte[] bytes) {
        MemorySegment memory = Arena.global().allocate(Math.max(bytes.length, 1), 16);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return memory;
    }

    /** A copy of some bytes of memory. */
    public static byte[] bytes(MemorySegment memory, long offset, int length) {
        return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    /** All bytes that a vector points to. */
    @SuppressWarnings("restricted")
    public static byte[] gather(IoVector vector) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < vector.count(); i++) {
            bytes.writeBytes(
                    MemorySegment.ofAddress(vector.base(i))
                            .reinterpret(vector.length(i))
                            .toArray(ValueLayout.JAVA_BYTE));
        }
        return bytes.toByteArray();
    }
}
