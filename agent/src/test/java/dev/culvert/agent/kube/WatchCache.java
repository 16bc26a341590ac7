package dev.culvert.agent.kube;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The API server's rules for lists and watches of one kind, which the mock server does not have: a
 * version that grows with each change, events from any version on until it is compacted away, lists
 * in pages of one version. Any thread.
 */
final class WatchCache {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration MOMENT = Duration.ofMillis(50);

    private final Map<String, ObjectNode> objects = new TreeMap<>();
    private final List<Event> events = new ArrayList<>();
    private final Map<String, List<ObjectNode>> pages = new HashMap<>();
    private long version = 1000;
    private long forgotten = 1000;
    private int tokens;

    /** Something that happened. */
    record Event(long version, String type, ObjectNode object) {
        String json() {
            return "{\"type\":\"%s\",\"object\":%s}".formatted(type, object);
        }
    }

    /** Takes note of what the mock server tells. */
    synchronized void changed(String type, HasMetadata object, String json) {
        String key = object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
        ObjectNode tree = (ObjectNode) JSON.readTree(json);
        ObjectNode before = objects.get(key);
        if (type.equals("DELETED")) {
            objects.remove(key);
        } else {
            objects.put(key, tree);
        }
        version++;
        ((ObjectNode) tree.path("metadata")).put("resourceVersion", String.valueOf(version));
        String truth = type.equals("DELETED") ? type : before == null ? "ADDED" : "MODIFIED";
        events.add(new Event(version, truth, tree));
        notifyAll();
    }

    synchronized long version() {
        return version;
    }

    /** Forgets all events, as etcd's compaction does; lists that were begun end, too. */
    synchronized void compact() {
        // Other kinds' changes count, too: nobody who watched is up to date by now.
        version++;
        forgotten = version;
        events.clear();
        pages.clear();
        notifyAll();
    }

    synchronized boolean isForgotten(long from) {
        return from < forgotten;
    }

    /** The next event after {@code from}, or null if none comes within a moment. */
    synchronized @Nullable Event after(long from, Predicate<JsonNode> wanted)
            throws InterruptedException {
        long deadline = System.nanoTime() + MOMENT.toNanos();
        Event found = find(from, wanted);
        while (found == null && !isForgotten(from) && deadline - System.nanoTime() > 0) {
            wait(MOMENT.toMillis());
            found = find(from, wanted);
        }
        return found;
    }

    private @Nullable Event find(long from, Predicate<JsonNode> wanted) {
        if (isForgotten(from)) {
            return null;
        }
        for (Event event : events) {
            if (event.version() > from && wanted.test(event.object())) {
                return event;
            }
        }
        return null;
    }

    /** A list, or a page of one; null when the page is no longer known. */
    synchronized @Nullable String list(int limit, String next, Predicate<JsonNode> wanted) {
        List<ObjectNode> rest;
        long of = version;
        if (next.isEmpty()) {
            rest = new ArrayList<>(objects.values());
            rest.removeIf(object -> !wanted.test(object));
        } else {
            rest = pages.remove(next);
            if (rest == null) {
                return null;
            }
            of = Long.parseLong(next.substring(0, next.indexOf('-')));
        }
        String token = "";
        List<ObjectNode> page = rest;
        if (limit > 0 && rest.size() > limit) {
            page = List.copyOf(rest.subList(0, limit));
            token = of + "-" + tokens++;
            pages.put(token, new ArrayList<>(rest.subList(limit, rest.size())));
        }
        return "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\",\"continue\":\"%s\"},\"items\":%s}"
                .formatted(of, token, page);
    }
}
