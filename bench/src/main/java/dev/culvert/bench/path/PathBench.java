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
            topology.use(mode);
            warmUp(mode);
        }
        for (int round = 0; round < plan.rounds(); round++) {
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
        for (Run run : runs) {
            attempt("warming up", mode, run);
        }
    }

    /** The modes take turns within a kind of run, so that a ratio compares neighbours in time. */
    private void measure(int round, Underlay underlay) throws IOException {
        List<Mode> modes = new ArrayList<>(plan.modes());
        Collections.rotate(modes, round);
        for (Run run : plan.runs()) {
            for (Mode mode : modes) {
                topology.use(mode);
                String when = "round %d, %s".formatted(round + 1, underlay.label());
                samples.add(round, underlay, mode, attempt(when, mode, run));
            }
        }
        for (Mode mode : modes) {
            topology.use(mode);
            double rss = Footprint.residentMegabytes(topology.tunnels());
            samples.add(round, underlay, mode, Map.of(Metric.RSS, rss));
        }
    }

    private Map<Metric, Double> attempt(String when, Mode mode, Run run) {
        try {
            return probe.measure(run);
        } catch (IOException e) {
            String failure =
                    "%s, %s, %s: %s".formatted(when, mode.label(), run.label(), e.getMessage());
            System.err.println("No value: " + failure);
            failures.add(failure);
            return Map.of();
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
