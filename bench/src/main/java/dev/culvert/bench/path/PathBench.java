package dev.culvert.bench.path;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The order of a measurement: rounds, and in each every run in every mode. One thread. */
final class PathBench {
    private final Topology topology;
    private final Probe probe;
    private final int rounds;
    private final Samples samples = new Samples();
    private final List<String> failures = new ArrayList<>();

    PathBench(Topology topology, Probe probe, int rounds) {
        this.topology = topology;
        this.probe = probe;
        this.rounds = rounds;
    }

    /** Measures everything. */
    void run() throws IOException {
        System.err.println("Warming up");
        topology.use(Underlay.DEFAULT);
        for (Mode mode : Mode.values()) {
            topology.use(mode);
            warmUp(mode);
        }
        for (int round = 0; round < rounds; round++) {
            System.err.printf("Round %d of %d%n", round + 1, rounds);
            for (Underlay underlay : Underlay.values()) {
                topology.use(underlay);
                measure(round, underlay);
            }
        }
    }

    /** Code that runs in a JVM is compiled while it runs, so that needs more than the kernel. */
    private void warmUp(Mode mode) throws IOException {
        probe.measure(Probe.Run.BIDI);
        if (mode.isCulvert()) {
            probe.measure(Probe.Run.UDP64);
            probe.measure(Probe.Run.TCP8);
            probe.measure(Probe.Run.TCP1);
        }
    }

    /** The modes take turns within a kind of run, so that a ratio compares neighbours in time. */
    private void measure(int round, Underlay underlay) throws IOException {
        List<Mode> modes = new ArrayList<>(Arrays.asList(Mode.values()));
        Collections.rotate(modes, round);
        for (Probe.Run run : Probe.Run.values()) {
            for (Mode mode : modes) {
                topology.use(mode);
                measure(round, underlay, mode, run);
            }
        }
        for (Mode mode : modes) {
            if (mode.isCulvert()) {
                double rss = topology.residentMegabytes(mode);
                samples.add(round, underlay, mode, Map.of(Metric.RSS, rss));
            }
        }
    }

    private void measure(int round, Underlay underlay, Mode mode, Probe.Run run) {
        try {
            samples.add(round, underlay, mode, probe.measure(run));
        } catch (IOException e) {
            failures.add(
                    "round %d, %s, %s, %s: %s"
                            .formatted(
                                    round + 1,
                                    underlay.label(),
                                    mode.label(),
                                    run,
                                    e.getMessage()));
        }
    }

    /** What was measured. */
    Samples samples() {
        return samples;
    }

    /** Runs that gave nothing, a sentence each. */
    List<String> failures() {
        return List.copyOf(failures);
    }
}
