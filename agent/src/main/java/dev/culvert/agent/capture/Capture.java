package dev.culvert.agent.capture;

import dev.culvert.linux.PacketSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One capture from its beginning to its bounded end, in the calling thread. */
public final class Capture {
    /** How often it looks whether it should end though no packet comes. */
    private static final Duration TICK = Duration.ofMillis(200);

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Room for a packet's block without the packet, and for the statistics behind it. */
    private static final int OVERHEAD = 160;

    private final Source source;
    private final CaptureFilter filter;
    private final Limits limits;
    private boolean full;

    /**
     * Where to look.
     *
     * @param linkIndex the interface
     * @param name its name
     * @param udpPort the overlay's port for packets outside, 0 for those inside
     * @param application what the file says has written it
     */
    public record Source(int linkIndex, String name, int udpPort, String application) {
        boolean outer() {
            return udpPort != 0;
        }
    }

    /**
     * What ends it, whichever comes first.
     *
     * @param packets wanted ones
     * @param seconds from its start
     * @param bytes of the answer
     * @param snapLength bytes kept of each packet
     */
    public record Limits(int packets, int seconds, long bytes, int snapLength) {}

    /** Whether nobody waits for it any more. */
    @FunctionalInterface
    public interface Abandoned {
        boolean isAbandoned() throws IOException;
    }

    /** Nothing is opened before {@link #run}. */
    public Capture(Source source, CaptureFilter filter, Limits limits) {
        this.source = source;
        this.filter = filter;
        this.limits = limits;
    }

    /**
     * Writes what passes. The beginning of the file is there at once: who reads it knows that the
     * capture runs.
     */
    public void run(OutputStream out, Abandoned abandoned) throws IOException {
        try (PacketSocket socket = PacketSocket.open(source.linkIndex(), source.udpPort(), TICK)) {
            PcapngWriter writer = new PcapngWriter(out);
            String description =
                    source.outer()
                            ? "the overlay between nodes; UDP checksums may be the network card's"
                            : "packets of pods; larger than the MTU where kernel and agent exchange"
                                    + " super-packets, whose checksums may be unfinished";
            writer.begin(source.application(), source.name(), description, limits.snapLength());
            long end = System.nanoTime() + Duration.ofSeconds(limits.seconds()).toNanos();
            long wanted = 0;
            long tick = System.nanoTime();
            while (wanted < limits.packets() && !full && System.nanoTime() - end < 0) {
                wanted += write(socket.receive(), writer, limits.packets() - wanted);
                if (System.nanoTime() - tick > TICK.toNanos()) {
                    if (abandoned.isAbandoned()) {
                        return;
                    }
                    tick = System.nanoTime();
                }
            }
            writer.statistics(
                    System.currentTimeMillis() * NANOS_PER_MILLI, wanted, socket.dropped());
        }
    }

    private int write(PacketSocket.@Nullable Packet packet, PcapngWriter writer, long room)
            throws IOException {
        if (packet == null) {
            return 0;
        }
        int written = 0;
        List<byte[]> parts =
                source.outer()
                        ? Datagrams.of(packet.bytes(), packet.udpSegment())
                        : List.of(packet.bytes());
        for (byte[] part : parts) {
            int kept = Math.min(part.length, limits.snapLength());
            if (written == room || !filter.accepts(subject(part))) {
                continue;
            }
            full = writer.bytes() + kept + OVERHEAD > limits.bytes();
            if (full) {
                return written;
            }
            writer.packet(packet.nanos(), part, kept, packet.outgoing(), direction(packet));
            written++;
        }
        return written;
    }

    /** What the kernel sends into the TUN device leaves the node. */
    private static String direction(PacketSocket.Packet packet) {
        return packet.outgoing() ? "egress" : "ingress";
    }

    private @Nullable PacketView subject(byte[] bytes) {
        PacketView whole = PacketView.of(bytes, 0);
        return whole == null || !source.outer() ? whole : whole.inside(bytes);
    }
}
