package dev.culvert.agent.kube;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The metrics of one kind's watch. Any thread. */
final class WatchMeters {
    private final Map<RestartReason, Counter> restarts = new EnumMap<>(RestartReason.class);
    private final Counter skipped;
    private volatile long heardAt = System.nanoTime();
    private volatile boolean idle;

    WatchMeters(MeterRegistry registry, String kind) {
        for (RestartReason reason : RestartReason.values()) {
            restarts.put(
                    reason,
                    Counter.builder("culvert.kube.watch.restarts")
                            .tag("kind", kind)
                            .tag("reason", reason.label())
                            .description("how often the watch was begun anew, and why")
                            .register(registry));
        }
        this.skipped =
                Counter.builder("culvert.kube.objects.skipped")
                        .tag("kind", kind)
                        .description("objects or fields of the API that were left out as absurd")
                        .register(registry);
        Gauge.builder("culvert.kube.watch.age.seconds", this, WatchMeters::ageSeconds)
                .tag("kind", kind)
                .description("time since the last list, event or bookmark")
                .strongReference(true)
                .register(registry);
    }

    /** Something came from the API. */
    void heard() {
        idle = false;
        heardAt = System.nanoTime();
    }

    /** Nothing is expected to come until something does. */
    void rest() {
        idle = true;
    }

    /** When something came last, as {@link System#nanoTime} counts. */
    long heardAt() {
        return heardAt;
    }

    private double ageSeconds() {
        return idle ? 0 : (System.nanoTime() - heardAt) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    void restarted(RestartReason reason) {
        restarts.getOrDefault(reason, skipped).increment();
    }

    double restarts(RestartReason reason) {
        return restarts.getOrDefault(reason, skipped).count();
    }

    void skipped() {
        skipped.increment();
    }

    double skippedCount() {
        return skipped.count();
    }
}
