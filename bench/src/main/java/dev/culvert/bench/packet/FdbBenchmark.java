package dev.culvert.bench.packet;

import dev.culvert.net.Cidr;
import dev.culvert.overlay.fdb.PrefixTable;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A look-up in the forwarding database, for destinations all over the cluster. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FdbBenchmark {
    private static final int DESTINATIONS = 1 << 12;

    @Param({"10", "1000", "15000"})
    int entries;

    private PrefixTable<Integer> table = new PrefixTable.Builder<Integer>().build();
    private final int[] destinations = new int[DESTINATIONS];
    private int next;

    /** A /24 for each node. */
    @Setup
    public void setup() {
        PrefixTable.Builder<Integer> builder = new PrefixTable.Builder<>();
        Cidr cluster = Cidr.parse("10.0.0.0/8");
        for (int node = 0; node < entries; node++) {
            builder.put(new Cidr(cluster.address(node * 256L), 24), node);
        }
        table = builder.build();
        Random random = new Random(entries);
        for (int i = 0; i < DESTINATIONS; i++) {
            destinations[i] = 0x0a00_0000 + random.nextInt(entries) * 256 + random.nextInt(256);
        }
    }

    /** One look-up. */
    @Benchmark
    public @Nullable Integer lookup() {
        next = (next + 1) & (DESTINATIONS - 1);
        return table.lookupIpv4(destinations[next]);
    }
}
