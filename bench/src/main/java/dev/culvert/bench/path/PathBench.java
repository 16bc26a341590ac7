package dev.culvert.bench.path;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The order of a measurement: rounds, and in each every run in every mode. One thread. */
final class PathBench {
    /** So many times the length of a run: two busy cores have compiled all that matters by then. */
    private static final int WARM_UP_RUNS = 10;

    private static final long SECOND = 1_000_000_000L;

    private final Topology topology;
    private final Probe probe;
    private final Plan plan;
    private final Samples samples = new Samples();
    private final List<String> failures = new ArrayList<>();

    PathBench(Topology topology, Probe probe, Plan plan) {
        this.topology = topology;
        this.probe = probe;
        this.plan = plan;
    }

    /** Measures everything. */
    void run() throws IOException {
        System.err.println("Warming up");
        topology.use(plan.underlays().getFirst());
        for (Mode mode : plan.modes()) {
            warmUp(mode);
        }
        for (int round = 0; round < plan.rounds() && !topology.isClosed(); round++) {
            System.err.printf("Round %d of %d%n", round + 1, plan.rounds());
            for (Underlay underlay : plan.underlays()) {
                topology.use(underlay);
                measure(round, underlay);
            }
        }
    }

    /** Code that runs in a JVM is compiled while it runs, so that needs more than the kernel. */
    private void warmUp(Mode mode) {
        Set<Run> runs = EnumSet.of(Run.BIDI);
        if (mode.isCulvert()) {
            runs.addAll(plan.runs());
        }
        long end =
                System.nanoTime() + (mode.isCulvert() ? WARM_UP_RUNS * SECOND * plan.seconds() : 0);
        do {
            for (Run run : runs) {
                attempt("warming up, " + run.label(), mode, () -> probe.measure(run));
            }
        } while (System.nanoTime() - end < 0 && !topology.isClosed());
    }

    /** The modes take turns within a kind of run, so that a ratio compares neighbours in time. */
    private void measure(int round, Underlay underlay) {
        List<Mode> modes = new ArrayList<>(plan.modes());
        Collections.rotate(modes, round);
        String when = "round %d, %s, ".formatted(round + 1, underlay.label());
        for (Run run : plan.runs()) {
            for (Mode mode : modes) {
                Measurement measurement = () -> probe.measure(run);
                samples.add(round, underlay, mode, attempt(when + run.label(), mode, measurement));
            }
        }
        for (Mode mode : modes) {
            samples.add(round, underlay, mode, attempt(when + "rss", mode, this::memory));
        }
    }

    private Map<Metric, Double> memory() throws IOException {
        return Map.of(Metric.RSS, Footprint.residentMegabytes(topology.tunnels()));
    }

    private Map<Metric, Double> attempt(String what, Mode mode, Measurement measurement) {
        try {
            topology.use(mode);
            return measurement.make();
        } catch (IOException e) {
            if (topology.isClosed()) {
                return Map.of();
            }
            String failure = "%s, %s: %s".formatted(what, mode.label(), e.getMessage());
            System.err.println("No value: " + failure);
            failures.add(failure);
            return Map.of();
        }
    }

    /** Something that gives values, or none. */
    private interface Measurement {
        Map<Metric, Double> make() throws IOException;
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
