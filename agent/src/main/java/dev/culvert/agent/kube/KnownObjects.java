package dev.culvert.agent.kube;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a watch knows, and the differences that it tells: events may come twice, late or in disorder
 * and still the newest version of each object counts. One thread.
 *
 * <p>Versions of objects grow ({@code metadata.resourceVersion}, a number for every API server that
 * there is). Deleted objects leave their version behind until the next list, so that a late event
 * does not bring them back.
 *
 * @param <V> what is known of an object
 */
final class KnownObjects<V> {
    /** The version of what did not come from the API: anything is newer. */
    static final long NO_VERSION = -1;

    private static final int MOST_GRAVES = 10_000;

    private final Map<String, Entry<V>> entries = new HashMap<>();
    private final Map<String, Long> graves = new HashMap<>();
    private final BiConsumer<String, V> changed;
    private final Consumer<String> removed;
    private long newest = NO_VERSION;
    private boolean doubtful;

    /** An object and the version of it. */
    record Entry<V>(long version, V value) {}

    /**
     * @param changed is told what is new or different
     * @param removed is told what is gone
     */
    KnownObjects(BiConsumer<String, V> changed, Consumer<String> removed) {
        this.changed = changed;
        this.removed = removed;
    }

    /** Takes for known what is only remembered; nobody is told. */
    void remember(String key, V value) {
        entries.put(key, new Entry<>(NO_VERSION, value));
    }

    /** A whole list takes the place of what was known; the differences are told. */
    void replace(Map<String, Entry<V>> list, long listVersion) {
        Set.copyOf(entries.keySet()).stream()
                .filter(key -> !list.containsKey(key))
                .forEach(this::bury);
        graves.clear();
        list.forEach((key, entry) -> put(key, entry.version(), entry.value()));
        newest = listVersion;
        doubtful = false;
    }

    /** An event: the object is there, new or changed. */
    void present(String key, long version, V value) {
        long last = lastVersion(key);
        if (version != NO_VERSION && last >= version) {
            return;
        }
        if (last == NO_VERSION && version <= newest && version != NO_VERSION) {
            // We had a list or events up to a later version and it was in none of them.
            doubtful = true;
        }
        put(key, version, value);
        newest = Math.max(newest, version);
    }

    /** An event: the object is gone. */
    void absent(String key, long version) {
        if (version != NO_VERSION && lastVersion(key) > version) {
            return;
        }
        bury(key);
        graves.put(key, version);
        newest = Math.max(newest, version);
        doubtful |= graves.size() > MOST_GRAVES;
    }

    /** A bookmark: all events up to this version have been told. */
    void upTo(long version) {
        if (version != NO_VERSION && version < newest) {
            doubtful = true;
        }
        newest = Math.max(newest, version);
    }

    /** Whether events told of a past that does not fit what is known: only a list helps. */
    boolean isDoubtful() {
        return doubtful;
    }

    int size() {
        return entries.size();
    }

    private long lastVersion(String key) {
        Entry<V> entry = entries.get(key);
        return entry != null ? entry.version() : graves.getOrDefault(key, NO_VERSION);
    }

    private void put(String key, long version, V value) {
        graves.remove(key);
        Entry<V> before = entries.put(key, new Entry<>(version, value));
        if (!Objects.equals(valueOf(before), value)) {
            changed.accept(key, value);
        }
    }

    private static <V> @Nullable V valueOf(@Nullable Entry<V> entry) {
        return entry == null ? null : entry.value();
    }

    private void bury(String key) {
        if (entries.remove(key) != null) {
            removed.accept(key);
        }
    }
}
