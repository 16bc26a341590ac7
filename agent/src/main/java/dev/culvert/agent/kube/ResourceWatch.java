package dev.culvert.agent.kube;

import dev.culvert.agent.kube.WatchStream.Message;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.net.URL;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Watches one kind of object for as long as the agent lives, on a thread of its own: lists, then
 * follows the events from the list's version on, and begins anew whenever the connection breaks,
 * falls silent or the server asks for it. Tells of differences only, so that none of this is
 * noticed outside. Any thread may ask whether it is well.
 *
 * <p>After a break the events that were missed are asked for first, which is quick and cheap; a
 * whole list follows after a while that grows with the number of objects, so that the agents of a
 * large cluster do not all list at once when its API server comes back.
 *
 * @param <V> what we make of an object
 */
final class ResourceWatch<V> implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(ResourceWatch.class);
    private static final JsonMapper JSON = new JsonMapper();

    /** A watch that lives so long is well, and pauses begin small again. */
    private static final Duration WELL_AFTER = Duration.ofSeconds(5);

    /** An end sooner than this, and without an event, means that the version is too old. */
    private static final Duration SUSPICIOUSLY_SOON = Duration.ofSeconds(2);

    /** Of a cluster whose agents all lost their watches, so many shall list in a second. */
    private static final int LISTS_A_SECOND = 10;

    private static final int MOST_ERRORS = 3;

    /** The way between the API's objects and ours. */
    interface Mapping<V> {
        /**
         * A name that is unique among objects of the kind.
         *
         * @throws IllegalArgumentException with the reason when the object has none
         */
        String key(JsonNode object);

        /** Ours; absurd fields are left out and reported. */
        V value(JsonNode object, Oddities oddities);

        /** A new or changed object. */
        void changed(V value);

        /** An object that is gone. */
        void removed(String key);

        /** All objects that there are have been told, for the first time. */
        void listed();
    }

    private final String kind;
    private final ResourceApi api;
    private final Mapping<V> mapping;
    private final WatchTiming timing;
    private final WatchMeters meters;
    private final Oddities oddities;
    private final KnownObjects<V> known;
    private final ApiHealth health;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private String version = "";
    private long refreshAt;
    private int failures;
    private boolean checkSoon;
    private volatile boolean listed;

    /**
     * @param kind the plural name of the kind
     * @param server the API server's address, for messages
     */
    ResourceWatch(
            String kind,
            URL server,
            ResourceApi api,
            Mapping<V> mapping,
            WatchTiming timing,
            MeterRegistry metrics) {
        this(kind, server, api, mapping, timing, new WatchMeters(metrics, kind));
    }

    /** With the metrics of an earlier watch of the kind, which has ended. */
    ResourceWatch(
            String kind,
            URL server,
            ResourceApi api,
            Mapping<V> mapping,
            WatchTiming timing,
            WatchMeters meters) {
        this.kind = kind;
        this.health = new ApiHealth(kind, server);
        this.api = api;
        this.mapping = mapping;
        this.timing = timing;
        this.meters = meters;
        this.oddities = new Oddities(meters);
        this.known = new KnownObjects<>((_, value) -> mapping.changed(value), mapping::removed);
        this.thread = Thread.ofPlatform().daemon().name("kube-" + kind).unstarted(this::run);
    }

    /** Before the start: what was known when the agent last ran. Nobody is told. */
    void remember(String key, V value) {
        known.remember(key, value);
    }

    void start() {
        thread.start();
    }

    /** Whether the objects have been listed since the start. */
    boolean isListed() {
        return listed;
    }

    /** Why the API cannot be used, a sentence; empty while it can. */
    String problem() {
        return health.problem();
    }

    /** Whether its thread ran and runs no more. */
    boolean hasEnded() {
        return thread.getState() == Thread.State.TERMINATED;
    }

    WatchMeters meters() {
        return meters;
    }

    private void run() {
        while (closing.getCount() > 0) {
            try {
                restart(listAndFollow());
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private RestartReason listAndFollow() throws InterruptedException {
        try {
            if (version.isEmpty()) {
                listAll();
            }
            return follow();
        } catch (ApiException e) {
            if (e.isGone()) {
                return RestartReason.GONE;
            }
            health.failed(e.sentence());
            return RestartReason.UNREACHABLE;
        } catch (RuntimeException e) {
            LOG.error("a defect of the agent: the watch is begun anew kind={}", kind, e);
            version = "";
            health.failed(ResourceApi.reason(e));
            return RestartReason.ERROR;
        } finally {
            health.answered();
        }
    }

    private void restart(RestartReason reason) throws InterruptedException {
        meters.restarted(reason);
        LOG.debug("the watch is begun anew kind={} reason={}", kind, reason.label());
        switch (reason) {
            case ENDED -> {}
            case LOST, STALLED, UNREACHABLE -> checkSoon = true;
            case GONE, DISORDER, REFRESH -> version = "";
            case ERROR -> version = failures >= MOST_ERRORS ? "" : version;
        }
        if (reason != RestartReason.ENDED && reason != RestartReason.REFRESH) {
            pause();
        }
    }

    private void pause() throws InterruptedException {
        int doublings = Math.min(failures, 16);
        failures++;
        long longest =
                Math.min(
                        timing.firstPause().toNanos() << doublings,
                        timing.longestPause().toNanos());
        var _ = closing.await(longest / 2 + random(longest / 2), TimeUnit.NANOSECONDS);
    }

    private static long random(long below) {
        return ThreadLocalRandom.current().nextLong(below + 1);
    }

    /** The server may be another one, or have forgotten something: a list tells for sure. */
    private void refreshSoon() {
        long spread = Duration.ofSeconds(1).toNanos() * known.size() / LISTS_A_SECOND;
        long soon = System.nanoTime() + random(spread);
        refreshAt = refreshAt - soon > 0 ? soon : refreshAt;
    }

    private static boolean isPast(long nanos) {
        return System.nanoTime() - nanos >= 0;
    }

    private void listAll() throws ApiException, InterruptedException {
        Map<String, KnownObjects.Entry<V>> list = new HashMap<>();
        String listVersion;
        try {
            listVersion = list(list, true);
        } catch (ApiException e) {
            if (!e.isGone()) {
                throw e;
            }
            // The pages took longer than the server remembers: all at once, then.
            list.clear();
            listVersion = list(list, false);
        }
        known.replace(list, number(listVersion));
        checkSoon = false;
        version = listVersion;
        long refresh = timing.refreshAfter().toNanos();
        refreshAt = System.nanoTime() + refresh + random(refresh / 2);
        if (!listed) {
            listed = true;
            mapping.listed();
        }
    }

    private String list(Map<String, KnownObjects.Entry<V>> list, boolean paged)
            throws ApiException, InterruptedException {
        String next = "";
        ListPage page;
        do {
            health.asked();
            page = api.list(next, paged, object -> collect(object, list));
            meters.heard();
            next = page.next();
        } while (!next.isEmpty());
        return page.version();
    }

    private void collect(JsonNode object, Map<String, KnownObjects.Entry<V>> list) {
        try {
            String key = mapping.key(object);
            V value = mapping.value(object, oddities);
            list.put(key, new KnownObjects.Entry<>(versionOf(object), value));
        } catch (IllegalArgumentException e) {
            oddities.report("an object among the " + kind, String.valueOf(e.getMessage()));
        }
    }

    private RestartReason follow() throws ApiException, InterruptedException {
        health.asked();
        Duration lifetime = timing.stallAfter().multipliedBy(4);
        long extra = random(lifetime.toSeconds());
        try (WatchStream stream = api.watch(version, lifetime.plusSeconds(extra))) {
            health.well();
            meters.heard();
            if (checkSoon) {
                checkSoon = false;
                refreshSoon();
            }
            return follow(stream);
        }
    }

    private RestartReason follow(WatchStream stream) throws InterruptedException {
        long begun = System.nanoTime();
        boolean heard = false;
        while (true) {
            Message message = stream.poll(untilSomethingIsDue());
            if (isPast(begun + WELL_AFTER.toNanos())) {
                failures = 0;
            }
            RestartReason reason;
            switch (message) {
                case null -> reason = due();
                case Message.Event(String text) -> {
                    heard = true;
                    reason = take(text);
                }
                case Message.End(boolean orderly, String words) -> {
                    boolean soon = !heard && !isPast(begun + SUSPICIOUSLY_SOON.toNanos());
                    return ended(orderly, soon, words);
                }
            }
            if (reason != null) {
                return reason;
            }
        }
    }

    private Duration untilSomethingIsDue() {
        long now = System.nanoTime();
        long untilStall = meters.heardAt() + timing.stallAfter().toNanos() - now;
        return Duration.ofNanos(Math.max(0, Math.min(untilStall, refreshAt - now)));
    }

    private @Nullable RestartReason due() {
        if (isPast(meters.heardAt() + timing.stallAfter().toNanos())) {
            LOG.warn(
                    "neither an event nor a bookmark for {} s, connecting anew kind={}",
                    timing.stallAfter().toSeconds(),
                    kind);
            return RestartReason.STALLED;
        }
        return isPast(refreshAt) ? RestartReason.REFRESH : null;
    }

    private RestartReason ended(boolean orderly, boolean soon, String words) {
        if (orderly && soon) {
            return RestartReason.GONE;
        }
        LOG.debug("the watch ended kind={}: {}", kind, words);
        return orderly ? RestartReason.ENDED : RestartReason.LOST;
    }

    /** An event; why the watch must be begun anew, or null if it need not. */
    private @Nullable RestartReason take(String text) {
        meters.heard();
        JsonNode event;
        try {
            event = JSON.readTree(text);
        } catch (JacksonException e) {
            oddities.report("an event about " + kind, "not JSON: " + e.getOriginalMessage());
            return RestartReason.DISORDER;
        }
        JsonNode object = event.path("object");
        switch (event.path("type").asString("")) {
            case "ADDED", "MODIFIED" -> take(object, true);
            case "DELETED" -> take(object, false);
            case "BOOKMARK" -> known.upTo(versionOf(object));
            case "ERROR" -> {
                return error(object);
            }
            default -> oddities.report("an event about " + kind, "its type is unknown");
        }
        advance(object);
        return known.isDoubtful() ? RestartReason.DISORDER : null;
    }

    private void take(JsonNode object, boolean present) {
        try {
            String key = mapping.key(object);
            if (present) {
                known.present(key, versionOf(object), mapping.value(object, oddities));
            } else {
                known.absent(key, versionOf(object));
            }
        } catch (IllegalArgumentException e) {
            oddities.report("an object among the " + kind, String.valueOf(e.getMessage()));
        }
    }

    private RestartReason error(JsonNode status) {
        if (status.path("code").asInt(0) == HttpURLConnection.HTTP_GONE) {
            return RestartReason.GONE;
        }
        health.failed(
                "the server ends the watch: "
                        + Oddities.printable(status.path("message").asString("no reason given")));
        return RestartReason.ERROR;
    }

    private void advance(JsonNode object) {
        if (versionOf(object) > number(version)) {
            version = object.path("metadata").path("resourceVersion").asString("");
        }
    }

    private static long versionOf(JsonNode object) {
        return number(object.path("metadata").path("resourceVersion").asString(""));
    }

    private static long number(String version) {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException _) {
            return KnownObjects.NO_VERSION;
        }
    }

    @Override
    public void close() {
        closing.countDown();
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        thread.interrupt();
        try {
            var _ = thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
