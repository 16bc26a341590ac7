package dev.culvert.overlay.packet;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Packets side by side in native memory, each with room before it and guard bytes around both. The
 * slice of a packet ends where the packet does: reading or writing past it throws.
 */
public final class PacketMemory implements AutoCloseable {
    private static final int GUARD_BYTES = 16;
    private static final byte GUARD = (byte) 0xa5;

    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> slices = new ArrayList<>();
    private final List<MemorySegment> guards = new ArrayList<>();
    private final int room;

    /** Lays out these packets with {@code room} bytes before each. */
    public PacketMemory(List<byte[]> packets, int room) {
        this.room = room;
        long size = GUARD_BYTES;
        for (byte[] packet : packets) {
            size += room + packet.length + GUARD_BYTES;
        }
        MemorySegment memory = arena.allocate(size, 8).fill(GUARD);
        guards.add(memory.asSlice(0, GUARD_BYTES));
        long at = GUARD_BYTES;
        for (byte[] packet : packets) {
            MemorySegment slice = memory.asSlice(at, room + packet.length);
            MemorySegment.copy(packet, 0, slice, JAVA_BYTE, room, packet.length);
            slices.add(slice);
            at += slice.byteSize();
            guards.add(memory.asSlice(at, GUARD_BYTES));
            at += GUARD_BYTES;
        }
    }

    /** Packet {@code index} with the room before it. */
    public MemorySegment slice(int index) {
        return slices.get(index);
    }

    /** Where the packet begins in its slice. */
    public int start(int index) {
        return (int) slices.get(index).byteSize() - length(index);
    }

    /** Bytes of the packet. */
    public int length(int index) {
        return (int) slices.get(index).byteSize() - room;
    }

    /** Whether nobody wrote between the packets. */
    public boolean guardsHold() {
        return guards.stream().allMatch(PacketMemory::holds);
    }

    private static boolean holds(MemorySegment guard) {
        for (long i = 0; i < guard.byteSize(); i++) {
            if (guard.get(JAVA_BYTE, i) != GUARD) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        arena.close();
    }
}
