package dev.culvert.agent.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;

/**
 * The customary meters of a Java process, and which build it is. One thread; {@link #close} ends
 * what listens to the garbage collector.
 */
public final class ProcessMeters implements AutoCloseable {
    private static final double MILLIS = 1e3;
    private final JvmGcMetrics collections = new JvmGcMetrics();

    /**
     * Leaves out what goes against Prometheus' rules for names: a time in nanoseconds, in place of
     * which there is {@code process_cpu_seconds_total}, and a gauge whose name ends like a part of
     * a histogram. Before any meter is registered.
     */
    public static void leaveOut(MeterRegistry registry) {
        registry.config()
                .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"))
                .meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
    }

    /** Registers them. */
    public void bind(MeterRegistry registry, String version) {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        collections.bindTo(registry);
        FunctionCounter.builder(
                        "process.cpu.seconds",
                        registry,
                        _ -> ProcessFigures.now().cpuMillis() / MILLIS)
                .description("Time of all cores that the process has used")
                .register(registry);
        Gauge.builder("process.resident.memory.bytes", ProcessFigures::residentBytes)
                .description("Memory of the whole process")
                .register(registry);
        Gauge.builder("culvert.build.info", () -> 1)
                .description("Which build of the agent this is")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(registry);
    }

    @Override
    public void close() {
        collections.close();
    }
}
