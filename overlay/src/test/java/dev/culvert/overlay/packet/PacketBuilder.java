package dev.culvert.overlay.packet;

import dev.culvert.net.IpAddresses;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Random;

/** Makes whole packets with right lengths and checksums, for tests. */
public final class PacketBuilder {
    /** The IPv4 identification of every packet made here. */
    public static final int ID = 0xfffe;

    private final boolean ipv4;
    private InetAddress source;
    private InetAddress destination;
    private byte[] transport = new byte[0];
    private int protocol;
    private int trafficClass;
    private int sourcePort = 5353;
    private int destinationPort = 53;

    private PacketBuilder(boolean ipv4) {
        this.ipv4 = ipv4;
        this.source = IpAddresses.parse(ipv4 ? "10.244.1.5" : "fd00:244:1::5");
        this.destination = IpAddresses.parse(ipv4 ? "10.244.2.6" : "fd00:244:2::6");
    }

    /** A packet of IP version 4 or 6. */
    public static PacketBuilder ip(int version) {
        return new PacketBuilder(version == 4);
    }

    /** Bytes that differ from their neighbours, the same in every run. */
    public static byte[] payload(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    /** From this address. */
    public PacketBuilder from(String address) {
        source = IpAddresses.parse(address);
        return this;
    }

    /** To this address. */
    public PacketBuilder to(String address) {
        destination = IpAddresses.parse(address);
        return this;
    }

    /** With this TOS byte or traffic class. */
    public PacketBuilder trafficClass(int value) {
        trafficClass = value;
        return this;
    }

    /** With a TCP header of this length. */
    public PacketBuilder tcp(int headerLength, int sequence, int flags, byte[] payload) {
        protocol = TcpHeader.PROTOCOL;
        ByteBuffer buffer = ByteBuffer.allocate(headerLength + payload.length);
        buffer.putShort((short) 33_000).putShort((short) 80).putInt(sequence).putInt(77);
        buffer.put((byte) ((headerLength / 4) << 4)).put((byte) flags).putShort((short) 500);
        buffer.putInt(0);
        while (buffer.position() < headerLength) {
            buffer.put((byte) 1);
        }
        transport = buffer.put(payload).array();
        return this;
    }

    /** With these ports in a UDP header; before it is asked for. */
    public PacketBuilder ports(int source, int destination) {
        sourcePort = source;
        destinationPort = destination;
        return this;
    }

    /** With a UDP header. */
    public PacketBuilder udp(byte[] payload) {
        protocol = UdpHeader.PROTOCOL;
        ByteBuffer buffer = ByteBuffer.allocate(UdpHeader.BYTES + payload.length);
        buffer.putShort((short) sourcePort).putShort((short) destinationPort);
        buffer.putShort((short) (UdpHeader.BYTES + payload.length)).putShort((short) 0);
        transport = buffer.put(payload).array();
        return this;
    }

    /** The bytes. */
    public byte[] build() {
        int header = ipv4 ? Ipv4Header.MIN_BYTES : Ipv6Header.BYTES;
        ByteBuffer buffer = ByteBuffer.allocate(header + transport.length);
        if (ipv4) {
            buffer.putShort((short) (0x4500 | trafficClass))
                    .putShort((short) (header + transport.length));
            buffer.putShort((short) ID).putShort((short) 0x4000);
            buffer.put((byte) 64).put((byte) protocol).putShort((short) 0);
        } else {
            buffer.putInt(0x6000_0000 | (trafficClass << 20)).putShort((short) transport.length);
            buffer.put((byte) protocol).put((byte) 64);
        }
        buffer.put(source.getAddress()).put(destination.getAddress()).put(transport);
        byte[] bytes = buffer.array();
        writeChecksums(bytes, header);
        return bytes;
    }

    private void writeChecksums(byte[] bytes, int header) {
        MemorySegment memory = MemorySegment.ofArray(bytes);
        if (ipv4) {
            InternetChecksum.store(
                    memory, Ipv4Header.CHECKSUM_OFFSET, InternetChecksum.sum(memory, 0, header, 0));
        }
        IpPacket packet = new IpPacket();
        if (packet.parse(memory, 0, bytes.length) && packet.hasPorts()) {
            long sum =
                    InternetChecksum.sum(
                            memory,
                            header,
                            transport.length,
                            packet.pseudoHeaderSum(transport.length));
            boolean udp = protocol == UdpHeader.PROTOCOL;
            int field = udp ? UdpHeader.CHECKSUM_OFFSET : TcpHeader.CHECKSUM_OFFSET;
            InternetChecksum.store(memory, header + field, sum);
        }
    }
}
