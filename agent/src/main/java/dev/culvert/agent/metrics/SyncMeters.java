package dev.culvert.agent.metrics;

import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.sync.RepairKind;
import dev.culvert.agent.sync.SyncLoop;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** The meters of the sync thread. Stateless. */
public final class SyncMeters {
    private static final double MILLIS = 1e3;

    static final Duration[] BUCKETS =
            IntStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
                    .mapToObj(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private SyncMeters() {}

    /** Registers them; before the loop starts. */
    public static void bind(MeterRegistry registry, NodeSynchronization node) {
        SyncLoop loop = node.loop();
        Gauge.builder("culvert.sync.dirty", loop, each -> each.stats().dirty() ? 1 : 0)
                .description("1 while a change waits or something could not be applied")
                .register(registry);
        Gauge.builder("culvert.sync.last.success.timestamp.seconds", loop, SyncMeters::lastSuccess)
                .description("When everything was last as it should be, since 1970")
                .register(registry);
        loop.stats().failures().keySet().forEach(part -> failures(registry, loop, part));
        for (RepairKind kind : RepairKind.values()) {
            FunctionCounter.builder(
                            "culvert.sync.repairs", node.repairs(), each -> each.count(kind))
                    .description("What somebody else changed and the agent put right")
                    .tag("kind", kind.label())
                    .register(registry);
        }
        Timer applied =
                timer(
                        registry,
                        "culvert.sync.event.to.applied",
                        "From a change that Kubernetes tells of to its application");
        loop.measure(nanos -> applied.record(nanos, TimeUnit.NANOSECONDS));
        Timer rounds =
                timer(
                        registry,
                        "culvert.sync.round",
                        "Rounds in which the kernel is compared with what should be");
        loop.measureRounds(nanos -> rounds.record(nanos, TimeUnit.NANOSECONDS));
    }

    /** Not a number is how Prometheus writes that there is none yet. */
    private static double lastSuccess(SyncLoop loop) {
        Long millis = loop.stats().lastSuccessMillis();
        return millis == null ? Double.NaN : millis / MILLIS;
    }

    private static void failures(MeterRegistry registry, SyncLoop loop, String part) {
        FunctionCounter.builder(
                        "culvert.sync.failures",
                        loop,
                        each -> each.stats().failures().getOrDefault(part, 0L))
                .description("Rounds that ended at this part")
                .tag("part", part)
                .register(registry);
    }

    private static Timer timer(MeterRegistry registry, String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }
}
