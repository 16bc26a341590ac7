package dev.culvert.agent.config;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/** What became of the configuration file's changes. One thread writes, any may read. */
public final class ConfigMeters {
    private final Clock clock;
    private final AtomicInteger applied = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile int pending;
    private volatile boolean valid = true;
    private volatile long appliedMillis;

    ConfigMeters(Clock clock) {
        this.clock = clock;
        this.appliedMillis = clock.millis();
    }

    void applied(int waiting) {
        applied.incrementAndGet();
        pending = waiting;
        valid = true;
        appliedMillis = clock.millis();
    }

    void refused() {
        refused.incrementAndGet();
        valid = false;
    }

    /** Registers them. */
    public void bindTo(MeterRegistry registry) {
        counter(registry, "applied", meters -> meters.applied.get());
        counter(registry, "refused", meters -> meters.refused.get());
        Gauge.builder("culvert.config.valid", () -> valid ? 1 : 0)
                .description("0 while the configuration file is refused and an earlier one is used")
                .register(registry);
        Gauge.builder("culvert.config.pending.settings", () -> pending)
                .description("Settings that were changed and need a restart of the agent")
                .register(registry);
        TimeGauge.builder(
                        "culvert.config.applied.timestamp",
                        () -> appliedMillis,
                        TimeUnit.MILLISECONDS)
                .description("When the configuration in use was read, in seconds since 1970")
                .register(registry);
    }

    private void counter(
            MeterRegistry registry, String result, ToDoubleFunction<ConfigMeters> count) {
        FunctionCounter.builder("culvert.config.reloads", this, count)
                .description("Changes of the configuration file")
                .tag("result", result)
                .register(registry);
    }
}
