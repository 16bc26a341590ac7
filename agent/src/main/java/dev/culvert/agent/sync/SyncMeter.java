package dev.culvert.agent.sync;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** What is counted and timed of the sync thread's rounds. That thread writes; any may ask. */
final class SyncMeter {
    private final Map<String, LongAdder> failures = new LinkedHashMap<>();
    private volatile LongConsumer rounds = _ -> {};
    private volatile @Nullable Long startedAt;
    private volatile @Nullable Long succeededMillis;

    SyncMeter(List<Synchronizer> synchronizers) {
        synchronizers.forEach(each -> failures.put(each.name(), new LongAdder()));
    }

    void tell(LongConsumer meter) {
        rounds = meter;
    }

    void begin() {
        startedAt = System.nanoTime();
    }

    void end(boolean applied) {
        Long started = startedAt;
        if (applied) {
            succeededMillis = System.currentTimeMillis();
        }
        if (started != null) {
            rounds.accept(System.nanoTime() - started);
        }
        startedAt = null;
    }

    void failed(String name) {
        LongAdder count = failures.get(name);
        if (count != null) {
            count.increment();
        }
    }

    /** How long the round that runs now has taken so far; zero when none does. */
    Duration running() {
        Long started = startedAt;
        return started == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - started);
    }

    SyncStats stats(boolean dirty) {
        Map<String, Long> counts = new LinkedHashMap<>();
        failures.forEach((name, count) -> counts.put(name, count.sum()));
        return new SyncStats(dirty, succeededMillis, counts);
    }
}
