package dev.culvert.bench.packet;

import dev.culvert.overlay.packet.InternetChecksum;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The Internet checksum of a packet. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBenchmark {
    @Param({"64", "1400", "65000"})
    int bytes;

    private MemorySegment memory = MemorySegment.NULL;

    /** Makes the bytes. */
    @Setup
    public void setup() {
        memory = Packets.random(bytes);
    }

    /** One sum. */
    @Benchmark
    public int sum() {
        return InternetChecksum.fold(InternetChecksum.sum(memory, 0, bytes, 0));
    }
}
