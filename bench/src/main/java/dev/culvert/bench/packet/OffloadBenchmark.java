package dev.culvert.bench.packet;

import dev.culvert.linux.IoVector;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.Coalescer;
import dev.culvert.overlay.offload.Segmenter;
import dev.culvert.overlay.offload.VirtioNetHeader;
import dev.culvert.overlay.packet.IpPacket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A super-packet of 45 segments: cut, put together, and looked at. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OffloadBenchmark {
    private static final int MSS = 1398;
    private static final int SEGMENTS = 45;
    private static final int MTU = 1450;
    private static final long PEER = MacAddress.ofName("peer").value();

    private final Segmenter segmenter =
            new Segmenter(new VxlanEncapsulation(1, MacAddress.ofName("here")));
    private final Coalescer<OffloadBenchmark> coalescer =
            new Coalescer<>(true, held -> this.written += held.finish().bytes());
    private final IoVector vector = new IoVector(Arena.ofAuto(), 2 * Segmenter.MAX_SEGMENTS);
    private final IpPacket whole = Packets.parse(Packets.tcp(1, MSS * SEGMENTS));
    private final MemorySegment[] segments = segments();
    private final IpPacket view = new IpPacket();
    private long written;

    private static MemorySegment[] segments() {
        MemorySegment[] result = new MemorySegment[SEGMENTS];
        for (int i = 0; i < SEGMENTS; i++) {
            result[i] = Packets.tcp(1 + i * MSS, MSS);
        }
        return result;
    }

    /** Cuts 63 KB, checksums included. */
    @Benchmark
    public long segment() {
        if (!segmenter.begin(whole, VirtioNetHeader.GSO_TCPV4, MSS, PEER, false)) {
            throw new IllegalStateException("refused to cut");
        }
        long bytes = 0;
        while (segmenter.fill(vector) > 0) {
            bytes += vector.bytes();
            vector.clear();
        }
        return bytes;
    }

    /** Puts 45 segments together, checksums verified. */
    @Benchmark
    public long coalesce() {
        for (MemorySegment segment : segments) {
            view.parse(segment, 0, (int) segment.byteSize());
            if (!coalescer.offer(view, this, MTU)) {
                throw new IllegalStateException("refused to coalesce");
            }
        }
        coalescer.flush();
        return written;
    }

    /** Parses one packet's headers and hashes its flow. */
    @Benchmark
    public int parse() {
        MemorySegment segment = segments[0];
        view.parse(segment, 0, (int) segment.byteSize());
        return view.flowHash();
    }
}
