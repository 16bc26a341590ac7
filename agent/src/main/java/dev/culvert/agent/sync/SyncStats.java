package dev.culvert.agent.sync;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the sync thread fares, at one moment. Immutable.
 *
 * @param dirty whether a change waits or something could not be applied
 * @param lastSuccessMillis when a round last applied everything, since 1970; null before
 * @param failures how often each synchronizer failed, by name
 */
public record SyncStats(
        boolean dirty, @Nullable Long lastSuccessMillis, Map<String, Long> failures) {

    /** Copies the map. */
    public SyncStats {
        failures = Map.copyOf(failures);
    }
}
