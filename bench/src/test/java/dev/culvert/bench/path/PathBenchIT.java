package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.linux.testing.TestNamespaces;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PathBenchIT {
    private static final Plan PLAN =
            new Plan(
                    List.of(Mode.CULVERT, Mode.KERNEL),
                    List.of(Underlay.WIRE),
                    List.of(Run.TCP8, Run.UDP64),
                    1,
                    1,
                    500,
                    1,
                    List.of());

    @Test
    void comparesCulvertWithTheKernelBetweenTwoPods() throws IOException {
        TestNamespaces.assumePermitted().assumeTun().close();
        TestNamespaces.assumeInstalled("iperf3", "ethtool");
        Processes processes = new Processes();
        try (Topology topology = new Topology(processes)) {
            topology.start(PLAN);
            PathBench bench = new PathBench(topology, new Probe(topology, processes, PLAN), PLAN);
            bench.run();
            assertThat(bench.failures()).isEmpty();
            List<ResultLine> lines = bench.samples().summary();
            assertThat(lines)
                    .extracting(line -> line.mode() + " " + line.metric())
                    .containsExactly(
                            "culvert tcp8",
                            "kernel tcp8",
                            "culvert udp64",
                            "kernel udp64",
                            "culvert udp64Loss",
                            "kernel udp64Loss",
                            "culvert cpuPerMillionPackets64",
                            "kernel cpuPerMillionPackets64",
                            "culvert allocation",
                            "culvert rss",
                            "culvert rssLoad");
            assertThat(lines.getFirst().ratioToKernel()).isPositive();
        }
    }
}
