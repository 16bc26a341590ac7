package dev.culvert.bench.cni;

import dev.culvert.linux.netns.NetworkNamespace;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The rounds of the measurement. In each, pods of both modes come and go one after the other, pod
 * by pod in turn, and then several at a time. One thread.
 */
final class CniBench {
    private static final List<PluginMode> MODES = List.of(PluginMode.values());

    private final CniPlan plan;
    private final PluginCall call;
    private final CniSamples samples = new CniSamples();
    private int made;

    CniBench(CniPlan plan, CniNode node) {
        this.plan = plan;
        this.call = new PluginCall(plan, node);
    }

    /** A sandbox without its interface yet. */
    private record Pod(PluginMode mode, String container, NetworkNamespace namespace) {}

    /** Measures. */
    void run() throws Exception {
        // A machine that was just started interprets its code, and caches are cold.
        inTurn(new CniSamples());
        for (int round = 1; round <= plan.rounds(); round++) {
            System.err.printf("Round %d of %d%n", round, plan.rounds());
            inTurn(samples);
            for (PluginMode mode : round % 2 == 1 ? MODES : MODES.reversed()) {
                samples.add(CniMetric.ADD_RATE, mode, atOnce(mode));
            }
        }
    }

    /** What was measured. */
    CniSamples samples() {
        return samples;
    }

    private void inTurn(CniSamples to) throws Exception {
        List<Pod> pods = new ArrayList<>();
        Map<PluginMode, List<Double>> adds = new EnumMap<>(PluginMode.class);
        Map<PluginMode, List<Double>> dels = new EnumMap<>(PluginMode.class);
        try {
            for (int i = 0; i < plan.pods(); i++) {
                for (PluginMode mode : i % 2 == 0 ? MODES : MODES.reversed()) {
                    pods.add(pod(mode));
                }
            }
            for (Pod pod : pods) {
                adds.computeIfAbsent(pod.mode(), _ -> new ArrayList<>()).add(time("ADD", pod));
            }
            for (Pod pod : pods) {
                dels.computeIfAbsent(pod.mode(), _ -> new ArrayList<>()).add(time("DEL", pod));
            }
        } finally {
            pods.forEach(pod -> pod.namespace().close());
        }
        for (PluginMode mode : MODES) {
            List<Double> add = adds.getOrDefault(mode, List.of());
            List<Double> del = dels.getOrDefault(mode, List.of());
            to.add(CniMetric.ADD_P50, mode, CniSamples.quantile(add, 0.5));
            to.add(CniMetric.ADD_P99, mode, CniSamples.quantile(add, 0.99));
            to.add(CniMetric.DEL_P50, mode, CniSamples.quantile(del, 0.5));
            to.add(CniMetric.DEL_P99, mode, CniSamples.quantile(del, 0.99));
        }
    }

    private Pod pod(PluginMode mode) throws Exception {
        return new Pod(mode, mode.label() + made++, NetworkNamespace.create());
    }

    private double time(String verb, Pod pod) throws Exception {
        return call.time(verb, pod.mode(), pod.container(), pod.namespace());
    }

    /** ADDs a second. */
    private double atOnce(PluginMode mode) throws Exception {
        List<Pod> pods = new ArrayList<>();
        try (ExecutorService runtime = Executors.newFixedThreadPool(plan.parallel())) {
            for (int i = 0; i < plan.pods(); i++) {
                pods.add(pod(mode));
            }
            long start = System.nanoTime();
            all(runtime, "ADD", pods);
            double seconds = (System.nanoTime() - start) / 1e9;
            all(runtime, "DEL", pods);
            return pods.size() / seconds;
        } finally {
            pods.forEach(pod -> pod.namespace().close());
        }
    }

    private void all(ExecutorService runtime, String verb, List<Pod> pods) throws Exception {
        List<Callable<Double>> calls = new ArrayList<>();
        pods.forEach(pod -> calls.add(() -> time(verb, pod)));
        for (Future<Double> each : runtime.invokeAll(calls)) {
            each.get();
        }
    }
}
