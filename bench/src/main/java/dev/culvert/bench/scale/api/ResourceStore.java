package dev.culvert.bench.scale.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * All objects of one kind, with their recent history. Any thread; watchers are told of changes in
 * their order, on the thread that makes them.
 */
public final class ResourceStore {
    /** Changes that a watch can begin before. */
    private static final int HISTORY = 20_000;

    /** Lists whose further pages can still be asked for. */
    private static final int SNAPSHOTS = 8;

    private final String plural;
    private final String kind;
    private final AtomicLong revision;
    private final NavigableMap<String, ApiObject> objects = new TreeMap<>();
    private final Deque<Change> history = new ArrayDeque<>();
    private final Map<Long, List<ApiObject>> snapshots = new LinkedHashMap<>();
    private final Set<Watcher> watchers = new LinkedHashSet<>();

    /** Changes up to this version are forgotten. */
    private long forgotten;

    /**
     * @param plural the name in URLs
     * @param kind of one object
     * @param revision of all stores together, as etcd counts
     */
    public ResourceStore(String plural, String kind, AtomicLong revision) {
        this.plural = plural;
        this.kind = kind;
        this.revision = revision;
    }

    /** Something that happened; either side may be missing. */
    record Change(@Nullable ApiObject before, @Nullable ApiObject after, long version) {}

    /** Some of a list. {@code next} is empty with the last page. */
    record Page(List<ApiObject> items, long version, String next, long remaining) {}

    /** Whoever is told of changes. Must not block. */
    interface Watcher {
        void changed(Change change);
    }

    String plural() {
        return plural;
    }

    String kind() {
        return kind;
    }

    /** How many there are. */
    public synchronized int size() {
        return objects.size();
    }

    /** The one with this key, or null. */
    public synchronized @Nullable ApiObject get(String key) {
        return objects.get(key);
    }

    /** Creates an object or replaces the one with its key; its version is left out of account. */
    public synchronized ApiObject put(ApiObject object) {
        ApiObject stored =
                new ApiObject(
                        object.key(), object.fields(), revision.incrementAndGet(), object.body());
        happened(new Change(objects.put(stored.key(), stored), stored, stored.version()));
        return stored;
    }

    /** Replaces the body of an object. */
    @Nullable ApiObject edit(String key, UnaryOperator<ApiObject.Body> edit) {
        synchronized (this) {
            ApiObject object = objects.get(key);
            return object == null
                    ? null
                    : put(new ApiObject(key, object.fields(), 0, edit.apply(object.body())));
        }
    }

    /** Removes an object, if it is there. */
    public synchronized void remove(String key) {
        ApiObject gone = objects.remove(key);
        if (gone != null) {
            happened(new Change(gone, null, revision.incrementAndGet()));
        }
    }

    private void happened(Change change) {
        history.add(change);
        if (history.size() > HISTORY) {
            forgotten = history.remove().version();
        }
        watchers.forEach(watcher -> watcher.changed(change));
    }

    /** All objects now, or the next page of an earlier list. */
    synchronized Page list(FieldSelector selector, int limit, String token) throws ApiStatus {
        long version = revision.get();
        String after = "";
        List<ApiObject> all;
        if (token.isEmpty()) {
            all = List.copyOf(objects.values());
        } else {
            String[] parts = decode(token).split(":", 2);
            version = Long.parseLong(parts[0]);
            after = parts[1];
            all = snapshots.get(version);
            if (all == null) {
                throw ApiStatus.expired("The provided continue parameter is too old");
            }
        }
        Page page = page(all, after, selector, limit, version);
        if (!page.next().isEmpty()) {
            keep(version, all);
        }
        return page;
    }

    private void keep(long version, List<ApiObject> all) {
        snapshots.put(version, all);
        if (snapshots.size() > SNAPSHOTS) {
            snapshots.remove(snapshots.keySet().iterator().next());
        }
    }

    private static Page page(
            List<ApiObject> all, String after, FieldSelector selector, int limit, long version) {
        List<ApiObject> items = new ArrayList<>();
        long remaining = 0;
        for (ApiObject object : all) {
            if (object.key().compareTo(after) > 0 && selector.matches(object)) {
                if (limit > 0 && items.size() == limit) {
                    remaining++;
                } else {
                    items.add(object);
                }
            }
        }
        String next = remaining == 0 ? "" : encode(version + ":" + items.getLast().key());
        return new Page(items, version, next, remaining);
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String token) throws ApiStatus {
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            if (text.matches("[0-9]{1,18}:.+")) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            // Told below.
        }
        throw ApiStatus.badRequest("continue key is not valid");
    }

    /**
     * Tells of all changes after {@code version} and from now on.
     *
     * @param version 0 for everything that there is, as additions, and what follows
     * @return the version up to which has been told
     */
    synchronized long watch(long version, Watcher watcher) throws ApiStatus {
        if (version == 0) {
            objects.values()
                    .forEach(each -> watcher.changed(new Change(null, each, each.version())));
        } else if (version < forgotten) {
            throw ApiStatus.expired(
                    "too old resource version: %d (%d)".formatted(version, forgotten));
        } else {
            history.stream().filter(each -> each.version() > version).forEach(watcher::changed);
        }
        watchers.add(watcher);
        return revision.get();
    }

    /** Tells nothing more. */
    synchronized void unwatch(Watcher watcher) {
        watchers.remove(watcher);
    }

    /** Runs while nothing changes, with the current version. */
    synchronized void atRest(java.util.function.LongConsumer block) {
        block.accept(revision.get());
    }
}
