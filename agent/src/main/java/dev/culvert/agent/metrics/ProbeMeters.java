package dev.culvert.agent.metrics;

import dev.culvert.agent.probe.DataPathTest;
import dev.culvert.agent.probe.PeerProbe;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;

/** The meters of the probe and of the test of this node's own data path. Stateless. */
public final class ProbeMeters {
    private static final Duration[] ROUND_TRIPS =
            LongStream.of(50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000, 500_000)
                    .mapToObj(micros -> Duration.ofNanos(1000 * micros))
                    .toArray(Duration[]::new);

    private ProbeMeters() {}

    /** Registers those of the probe. */
    public static void bind(MeterRegistry registry, PeerProbe probe) {
        result(registry, probe, "answered", each -> each.counts().answered());
        result(registry, probe, "lost", each -> each.counts().lost());
        result(registry, probe, "failed", each -> each.counts().failed());
        Timer roundTrips =
                Timer.builder("culvert.peer.probe.rtt")
                        .description("Round-trip times of the answered probes to all peers")
                        .serviceLevelObjectives(ROUND_TRIPS)
                        .register(registry);
        probe.measure(nanos -> roundTrips.record(nanos, TimeUnit.NANOSECONDS));
    }

    private static void result(
            MeterRegistry registry,
            PeerProbe probe,
            String result,
            ToDoubleFunction<PeerProbe> count) {
        FunctionCounter.builder("culvert.peer.probes", probe, count)
                .description("Probes through the overlay by what became of them")
                .tag("result", result)
                .register(registry);
    }

    /** Registers those of the test. */
    public static void bind(MeterRegistry registry, DataPathTest test) {
        tests(registry, test, "passed", DataPathTest::passed);
        tests(registry, test, "failed", DataPathTest::failed);
    }

    private static void tests(
            MeterRegistry registry,
            DataPathTest test,
            String result,
            ToDoubleFunction<DataPathTest> count) {
        FunctionCounter.builder("culvert.agent.self.tests", test, count)
                .description("Tests of this node's own data path")
                .tag("result", result)
                .register(registry);
    }
}
