package dev.culvert.overlay;

import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.packet.PacketBuilder;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/**
 * Bytes that a broken or hostile peer might send, or a broken kernel hand over: noise, whole
 * packets with bytes changed, cut off or appended, and now and then a good one. The same for the
 * same seed. Nothing of it is for the ports that good traffic uses, but by a rare chance.
 */
final class HostileFrames {
    private static final int HEADROOM = VxlanEncapsulation.HEADROOM;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final int MAX_BYTES = 1400;

    private final Random random;
    private final TestNode from;
    private final TestNode to;
    private final VxlanEncapsulation encapsulation;
    private int sequence;

    HostileFrames(long seed, TestNode from, TestNode to) {
        this.random = new Random(seed);
        this.from = from;
        this.to = to;
        this.encapsulation = new VxlanEncapsulation(TestNode.VNI, from.vtep().mac());
    }

    /** An inner packet. */
    byte[] packet() {
        return switch (random.nextInt(4)) {
            case 0 -> noise();
            case 1 -> whole();
            default -> changed(whole());
        };
    }

    /** The payload of an outer datagram. */
    byte[] frame() {
        return switch (random.nextInt(6)) {
            case 0 -> noise();
            case 1 -> changed(framed(whole()));
            case 2 -> Arrays.copyOf(framed(whole()), 1 + random.nextInt(MAX_BYTES));
            default -> framed(packet());
        };
    }

    private byte[] noise() {
        byte[] bytes = new byte[1 + random.nextInt(MAX_BYTES)];
        random.nextBytes(bytes);
        if (bytes.length > 2 && random.nextBoolean()) {
            bytes[0] = (byte) (random.nextBoolean() ? 0x45 : 0x60);
        }
        return bytes;
    }

    /** Some continue the one before, so that there is something to put together. */
    private byte[] whole() {
        int version = random.nextBoolean() ? 4 : 6;
        byte[] payload = PacketBuilder.payload(random.nextInt(3) == 0 ? random.nextInt(1200) : 500);
        PacketBuilder builder =
                PacketBuilder.ip(version).from(pod(from, version)).to(pod(to, version));
        if (random.nextBoolean()) {
            return builder.udp(payload).build();
        }
        int flags = random.nextInt(4) == 0 ? random.nextInt(256) : 0x10;
        byte[] packet = builder.tcp(20, sequence, flags, payload).build();
        sequence += payload.length;
        return packet;
    }

    private static String pod(TestNode node, int version) {
        return version == 4
                ? "10.99.%d.2".formatted(node.number())
                : "fd00:99:%d::2".formatted(node.number());
    }

    private byte[] changed(byte[] bytes) {
        byte[] result = bytes;
        if (random.nextInt(5) == 0) {
            result = Arrays.copyOf(bytes, Math.max(1, bytes.length + random.nextInt(-30, 30)));
        }
        for (int i = random.nextInt(4); i >= 0; i--) {
            int within = random.nextBoolean() ? Math.min(result.length, 70) : result.length;
            result[random.nextInt(within)] = (byte) random.nextInt();
        }
        return result;
    }

    private byte[] framed(byte[] packet) {
        byte[] frame = new byte[HEADROOM + packet.length];
        int type = (packet[0] & 0xf0) == 0x60 ? IPV6 : IPV4;
        encapsulation.write(MemorySegment.ofArray(frame), 0, to.vtep().mac().value(), type);
        System.arraycopy(packet, 0, frame, HEADROOM, packet.length);
        return frame;
    }
}
