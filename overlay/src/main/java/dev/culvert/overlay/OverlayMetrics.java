package dev.culvert.overlay;

import dev.culvert.overlay.encap.DropReason;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;

/**
 * Shows the loops' counters as meters. The names are a contract. {@link #close} takes the meters
 * away again, since a registry would give an old meter to the next data path.
 */
final class OverlayMetrics implements AutoCloseable {
    private final List<LoopCounters> loops;
    private final Map<Meter, MeterRegistry> registered = new ConcurrentHashMap<>();

    OverlayMetrics(List<LoopCounters> loops) {
        this.loops = loops;
    }

    void bindTo(MeterRegistry registry, Overlay overlay) {
        counter(registry, "packets", "egress", LoopCounters.EGRESS_PACKETS);
        counter(registry, "packets", "ingress", LoopCounters.INGRESS_PACKETS);
        counter(registry, "bytes", "egress", LoopCounters.EGRESS_BYTES);
        counter(registry, "bytes", "ingress", LoopCounters.INGRESS_BYTES);
        calls(registry, "sends", "Send calls", LoopCounters.EGRESS_SENDS);
        calls(
                registry,
                "messages",
                "Messages received, of one frame or several",
                LoopCounters.INGRESS_MESSAGES);
        calls(
                registry,
                "writes",
                "Packets and super-packets handed to the kernel",
                LoopCounters.INGRESS_WRITES);
        for (DropReason reason : DropReason.values()) {
            keep(
                    registry,
                    FunctionCounter.builder(
                                    "culvert.overlay.drops",
                                    this,
                                    metrics -> metrics.sumDrops(reason))
                            .tags(
                                    "direction", reason.direction().label(),
                                    "reason", reason.label())
                            .description("Packets that the data path did not pass on")
                            .register(registry));
        }
        keep(
                registry,
                Gauge.builder("culvert.overlay.fdb.entries", overlay, Overlay::fdbSize)
                        .description("Prefixes in the forwarding database")
                        .register(registry));
        keep(
                registry,
                FunctionCounter.builder(
                                "culvert.overlay.fdb.publications", overlay, Overlay::publications)
                        .description("How often the forwarding database was replaced")
                        .register(registry));
        keep(
                registry,
                Gauge.builder("culvert.overlay.loop.lag", overlay, Overlay::lagSeconds)
                        .baseUnit("seconds")
                        .description("How late the event loops got to their tasks at most lately")
                        .register(registry));
        keep(
                registry,
                Gauge.builder("culvert.overlay.buffer", overlay, Overlay::bufferBytes)
                        .baseUnit("bytes")
                        .description("Native memory that packets pass through, of all loops")
                        .register(registry));
        queue(registry, overlay, "receive", QueueLevels::receive, QueueLevels::receiveLimit);
        queue(registry, overlay, "send", QueueLevels::send, QueueLevels::sendLimit);
        features(registry, overlay);
    }

    private void queue(
            MeterRegistry registry,
            Overlay overlay,
            String queue,
            ToLongFunction<QueueLevels> level,
            ToLongFunction<QueueLevels> limit) {
        keep(
                registry,
                Gauge.builder(
                                "culvert.overlay.queue.bytes",
                                overlay,
                                path -> level.applyAsLong(path.queues()))
                        .tags("queue", queue)
                        .description("What waits in the UDP sockets' queues")
                        .register(registry));
        keep(
                registry,
                Gauge.builder(
                                "culvert.overlay.queue.limit.bytes",
                                overlay,
                                path -> limit.applyAsLong(path.queues()))
                        .tags("queue", queue)
                        .description("What the UDP sockets' queues may hold")
                        .register(registry));
    }

    private void features(MeterRegistry registry, Overlay overlay) {
        for (Feature feature : Feature.values()) {
            keep(
                    registry,
                    Gauge.builder(
                                    "culvert.overlay.feature.enabled",
                                    overlay,
                                    path -> path.features().of(feature).enabled() ? 1 : 0)
                            .tags("feature", feature.label())
                            .description("1 while the data path uses the feature")
                            .register(registry));
        }
    }

    private void counter(MeterRegistry registry, String what, String direction, int counter) {
        keep(
                registry,
                FunctionCounter.builder(
                                "culvert.overlay." + what, this, metrics -> metrics.sum(counter))
                        .tags(Tags.of("direction", direction))
                        .description("Inner " + what + " exchanged with peers")
                        .register(registry));
    }

    private void calls(MeterRegistry registry, String what, String description, int counter) {
        keep(
                registry,
                FunctionCounter.builder(
                                "culvert.overlay." + what, this, metrics -> metrics.sum(counter))
                        .description(description)
                        .register(registry));
    }

    private double sum(int counter) {
        return loops.stream().mapToLong(loop -> loop.get(counter)).sum();
    }

    private double sumDrops(DropReason reason) {
        return loops.stream().mapToLong(loop -> loop.drops(reason)).sum();
    }

    private void keep(MeterRegistry registry, Meter meter) {
        registered.put(meter, registry);
    }

    @Override
    public void close() {
        registered.forEach((meter, registry) -> registry.remove(meter));
        registered.clear();
    }
}
