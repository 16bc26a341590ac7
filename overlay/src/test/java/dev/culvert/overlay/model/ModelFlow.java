package dev.culvert.overlay.model;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * One flow as its sender's stack would send it, with whatever twist is asked for. Numbers begin
 * shortly before they wrap around.
 */
final class ModelFlow {
    private static final int ACK = 0x10;
    private static final int TIMESTAMP_BYTES = 12;
    private static final int ICMP = 1;

    /** These hold for all further packets of the flow. */
    private static final Set<Twist> LASTING =
            EnumSet.of(
                    Twist.WINDOW,
                    Twist.ZERO_WINDOW,
                    Twist.ACKNOWLEDGMENT,
                    Twist.TIMESTAMP,
                    Twist.ECN,
                    Twist.DSCP,
                    Twist.TTL,
                    Twist.FLOW_LABEL);

    private final boolean ipv4;
    private final int protocol;
    private final int number;
    private final boolean timestamps;
    private final Random random;
    private final int mss;
    private int sequence = 0xffff_f000;
    private int identification = 0xfff0;
    private int acknowledgment = 0x7fff_fff0;
    private int window = 500;
    private int timestamp = 1_000;
    private int trafficClass;
    private int ttl = 63;
    private int flowLabel;

    ModelFlow(int number, boolean ipv4, int protocol, int mss) {
        this.number = number;
        this.ipv4 = ipv4;
        this.protocol = protocol;
        this.mss = mss;
        this.timestamps = number % 2 == 0;
        this.random = new Random(number);
        this.flowLabel = 0x1234 + number;
    }

    int mss() {
        return mss;
    }

    /** The next packets: one, or two of which the second was sent first. */
    List<byte[]> next(int size, Twist twist) {
        if (twist == Twist.SWAPPED) {
            byte[] early = make(size, Twist.PLAIN);
            return List.of(make(size, Twist.PLAIN), early);
        }
        if (twist == Twist.GAP) {
            sequence += 1 + random.nextInt(3000);
        }
        byte[] packet = make(size, twist);
        return twist == Twist.REPEATED ? List.of(packet, packet.clone()) : List.of(packet);
    }

    private byte[] make(int size, Twist twist) {
        if (LASTING.contains(twist)) {
            change(twist);
        }
        byte[] payload = new byte[size];
        random.nextBytes(payload);
        byte[] transport =
                switch (protocol) {
                    case ModelPacket.TCP -> tcp(payload, twist);
                    case ModelPacket.UDP -> udp(payload, twist);
                    default -> payload;
                };
        byte[] packet = ipv4 ? ipv4(transport, twist) : ipv6(transport, twist);
        writeTransportChecksum(packet, twist);
        sequence += size;
        return corrupted(packet, twist);
    }

    private void change(Twist twist) {
        switch (twist) {
            case WINDOW -> window += 1;
            case ZERO_WINDOW -> window = 0;
            case ACKNOWLEDGMENT -> acknowledgment += 100;
            case TIMESTAMP -> timestamp++;
            case ECN -> trafficClass ^= 1 + random.nextInt(3);
            case DSCP -> trafficClass ^= 4 << random.nextInt(6);
            case TTL -> ttl--;
            case FLOW_LABEL -> flowLabel++;
            default -> throw new IllegalArgumentException(twist.name());
        }
    }

    private byte[] tcp(byte[] payload, Twist twist) {
        int sack = twist == Twist.SACK ? 12 : 0;
        int header = 20 + (timestamps ? TIMESTAMP_BYTES : 0) + sack;
        ByteBuffer buffer = ByteBuffer.allocate(header + payload.length);
        buffer.putShort((short) (40_000 + number)).putShort((short) 80);
        buffer.putInt(sequence).putInt(acknowledgment);
        int reserved = twist == Twist.RESERVED_FLAG ? 1 : 0;
        buffer.put((byte) (((header / 4) << 4) | reserved)).put((byte) tcpFlags(twist));
        buffer.putShort((short) window).putShort((short) 0);
        boolean urgent = twist == Twist.URG || twist == Twist.URGENT_POINTER;
        buffer.putShort((short) (urgent ? 1 : 0));
        if (timestamps) {
            buffer.putInt(0x0101_080a).putInt(timestamp).putInt(77);
        }
        if (sack > 0) {
            buffer.putInt(0x0101_050a).putInt(acknowledgment + 500).putInt(acknowledgment + 900);
        }
        return buffer.put(payload).array();
    }

    private static int tcpFlags(Twist twist) {
        return switch (twist) {
            case NO_ACK -> 0;
            case FIN -> ACK | 0x01;
            case SYN -> ACK | 0x02;
            case RST -> ACK | 0x04;
            case PSH -> ACK | 0x08;
            case URG -> ACK | 0x20;
            case ECE -> ACK | 0x40;
            case CWR -> ACK | 0x80;
            default -> ACK;
        };
    }

    private byte[] udp(byte[] payload, Twist twist) {
        int length = 8 + payload.length;
        ByteBuffer buffer = ByteBuffer.allocate(length);
        buffer.putShort((short) (40_000 + number)).putShort((short) 53);
        int wrong = random.nextInt(-8, 9);
        buffer.putShort((short) (twist == Twist.WRONG_UDP_LENGTH ? length + wrong : length));
        return buffer.putShort((short) 0).put(payload).array();
    }

    private byte[] ipv4(byte[] transport, Twist twist) {
        int header = twist == Twist.IP_OPTIONS ? 24 : 20;
        ByteBuffer buffer = ByteBuffer.allocate(header + transport.length);
        buffer.put((byte) (0x40 | (header / 4))).put((byte) trafficClass);
        buffer.putShort((short) (header + transport.length));
        buffer.putShort((short) identification(twist)).putShort((short) fragmentField(twist));
        buffer.put((byte) ttl).put((byte) (protocol < 0 ? ICMP : protocol)).putShort((short) 0);
        buffer.putInt(0x0af4_0105).putInt(0x0af4_0200 + number % 3);
        if (header > 20) {
            buffer.putInt(0x9404_0000);
        }
        byte[] bytes = buffer.put(transport).array();
        Octets.put16(bytes, 10, ~Octets.sum(bytes, 0, header, 0));
        return bytes;
    }

    private int identification(Twist twist) {
        if (twist == Twist.OTHER_IDENTIFICATION) {
            identification = random.nextInt();
        } else if (twist != Twist.SAME_IDENTIFICATION) {
            identification++;
        }
        return identification;
    }

    /** Odd flows let routers fragment their packets. */
    private int fragmentField(Twist twist) {
        return switch (twist) {
            case FRAGMENT -> random.nextBoolean() ? 0x2000 : 0x0010;
            case FRAGMENTABLE -> number % 4 < 2 ? 0 : 0x4000;
            default -> number % 4 < 2 ? 0x4000 : 0;
        };
    }

    private byte[] ipv6(byte[] transport, Twist twist) {
        int next = protocol < 0 ? ICMP : protocol;
        byte[] extension = new byte[0];
        if (twist == Twist.FRAGMENT) {
            extension = new byte[] {(byte) next, 0, 0, 1, 0, 0, 0, 9};
        } else if (twist == Twist.IP_OPTIONS) {
            extension = new byte[] {(byte) next, 0, 1, 4, 0, 0, 0, 0};
        }
        ByteBuffer buffer = ByteBuffer.allocate(40 + extension.length + transport.length);
        buffer.putInt(0x6000_0000 | (trafficClass << 20) | flowLabel);
        buffer.putShort((short) (extension.length + transport.length));
        int first = twist == Twist.FRAGMENT ? 44 : twist == Twist.IP_OPTIONS ? 60 : next;
        buffer.put((byte) first).put((byte) ttl);
        buffer.putLong(0xfd00_0244_0001_0000L).putLong(5);
        buffer.putLong(0xfd00_0244_0002_0000L).putLong(6 + number % 3);
        return buffer.put(extension).put(transport).array();
    }

    private void writeTransportChecksum(byte[] bytes, Twist twist) {
        ModelPacket packet = ModelPacket.of(bytes);
        int at = packet.headerLength() + (protocol == ModelPacket.UDP ? 6 : 16);
        boolean has = protocol == ModelPacket.UDP || protocol == ModelPacket.TCP;
        if (!has || twist == Twist.NO_CHECKSUM || at + 2 > bytes.length) {
            return;
        }
        int length = bytes.length - packet.headerLength();
        int seed = packet.pseudoHeaderSum(length);
        int checksum = ~Octets.sum(bytes, packet.headerLength(), length, seed) & 0xffff;
        boolean zero = protocol == ModelPacket.UDP && checksum == 0;
        Octets.put16(bytes, at, zero ? 0xffff : checksum);
    }

    private byte[] corrupted(byte[] bytes, Twist twist) {
        int transport = ipv4 ? (bytes[0] & 15) * 4 : 40;
        switch (twist) {
            case CORRUPT_CHECKSUM ->
                    flip(bytes, transport + (protocol == ModelPacket.UDP ? 6 : 16));
            case CORRUPT_PAYLOAD -> flip(bytes, bytes.length - 1);
            case CORRUPT_HEADER -> flip(bytes, ipv4 ? 4 + random.nextInt(2) : 3);
            case CORRUPT_ANYWHERE -> flip(bytes, random.nextInt(bytes.length));
            case TRAILING_BYTES -> {
                return Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(20));
            }
            default -> {
                return bytes;
            }
        }
        return bytes;
    }

    private void flip(byte[] bytes, int at) {
        if (at < bytes.length) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
    }
}
