package dev.culvert.bench.packet;

import dev.culvert.net.IpAddresses;
import dev.culvert.overlay.packet.InternetChecksum;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.NetworkOrder;
import dev.culvert.overlay.packet.TcpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Packets to measure with, in native memory as on the packet path. */
final class Packets {
    /** A TCP header with the timestamp option, as nearly every segment has. */
    static final int TCP_HEADER_BYTES = 32;

    /** Network and transport header. */
    static final int HEADER_BYTES = Ipv4Header.MIN_BYTES + TCP_HEADER_BYTES;

    private Packets() {}

    /** Random bytes. */
    static MemorySegment random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        MemorySegment memory = Arena.ofAuto().allocate(length, 64);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, length);
        return memory;
    }

    /** An IPv4 TCP packet with a right checksum. */
    static MemorySegment tcp(int sequence, int payload) {
        MemorySegment memory = random(HEADER_BYTES + payload);
        memory.asSlice(0, HEADER_BYTES).fill((byte) 0);
        NetworkOrder.u8(memory, 0, 0x45);
        NetworkOrder.u16(memory, Ipv4Header.LENGTH_OFFSET, HEADER_BYTES + payload);
        NetworkOrder.u16(memory, Ipv4Header.FRAGMENT_OFFSET, Ipv4Header.DONT_FRAGMENT);
        NetworkOrder.u8(memory, Ipv4Header.TTL_OFFSET, 63);
        NetworkOrder.u8(memory, Ipv4Header.PROTOCOL_OFFSET, TcpHeader.PROTOCOL);
        address(memory, Ipv4Header.SOURCE_OFFSET, "10.244.1.5");
        address(memory, Ipv4Header.DESTINATION_OFFSET, "10.244.2.6");
        long header = InternetChecksum.sum(memory, 0, Ipv4Header.MIN_BYTES, 0);
        InternetChecksum.store(memory, Ipv4Header.CHECKSUM_OFFSET, header);
        writeTcp(memory, sequence);
        return memory;
    }

    private static void address(MemorySegment memory, long offset, String text) {
        MemorySegment.copy(
                IpAddresses.parse(text).getAddress(), 0, memory, ValueLayout.JAVA_BYTE, offset, 4);
    }

    private static void writeTcp(MemorySegment memory, int sequence) {
        long tcp = Ipv4Header.MIN_BYTES;
        NetworkOrder.u16(memory, tcp, 40_000);
        NetworkOrder.u16(memory, tcp + 2, 5201);
        NetworkOrder.i32(memory, tcp + TcpHeader.SEQUENCE_OFFSET, sequence);
        NetworkOrder.u8(memory, tcp + TcpHeader.DATA_OFFSET_OFFSET, (TCP_HEADER_BYTES / 4) << 4);
        NetworkOrder.u8(memory, tcp + TcpHeader.FLAGS_OFFSET, TcpHeader.ACK);
        IpPacket packet = parse(memory);
        long sum =
                InternetChecksum.sum(
                        memory,
                        tcp,
                        packet.transportLength(),
                        packet.pseudoHeaderSum(packet.transportLength()));
        InternetChecksum.store(memory, tcp + TcpHeader.CHECKSUM_OFFSET, sum);
    }

    /** A view of a packet that fills the memory. */
    static IpPacket parse(MemorySegment memory) {
        IpPacket packet = new IpPacket();
        if (!packet.parse(memory, 0, (int) memory.byteSize())) {
            throw new IllegalStateException("the packet to measure with is malformed");
        }
        return packet;
    }
}
