package dev.culvert.agent.kube;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import java.net.ConnectException;
import java.net.URL;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Watches one kind of object for as long as the agent lives: an informer, replaced when it stops
 * and every few minutes anyway, since informers can fall silent. Tells of differences only, so that
 * a replacement is not noticed outside. Any thread may ask whether it is well.
 *
 * @param <T> the client's type
 * @param <V> what we make of it
 */
final class ResourceWatch<T extends HasMetadata, V> implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(ResourceWatch.class);
    private static final Duration RELIST = Duration.ofMinutes(10);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The way between the client's objects and ours. */
    interface Mapping<T, V> {
        /** A name that is unique among objects of the kind. */
        String key(T object);

        /** What is kept in memory: the object without all that we do not use. */
        T cutDown(T object);

        /** Ours. */
        V value(T object);

        /** A new or changed object. */
        void changed(V value);

        /** An object that is gone. */
        void removed(String key);

        /** All objects that there are have been told; may come again. */
        void listed();
    }

    private final String kind;
    private final URL server;
    private final Informable<T> resources;
    private final Mapping<T, V> mapping;
    private final Map<String, V> known = new HashMap<>();
    private final ScheduledExecutorService supervisor;
    private @Nullable SharedIndexInformer<T> informer;
    private long startedAt;
    private long lastWell;
    private boolean listed;
    private volatile String problem = "";

    /**
     * @param kind the plural name of the kind
     * @param server the API server's address, for messages
     */
    ResourceWatch(String kind, URL server, Informable<T> resources, Mapping<T, V> mapping) {
        this.kind = kind;
        this.server = server;
        this.resources = resources;
        this.mapping = mapping;
        this.supervisor =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("kube-" + kind).factory());
    }

    void start() {
        lastWell = System.nanoTime();
        var _ = supervisor.scheduleWithFixedDelay(this::supervise, 0, 250, TimeUnit.MILLISECONDS);
    }

    /** Why the API cannot be reached, a sentence; empty while it can. */
    String problem() {
        return problem;
    }

    private void supervise() {
        try {
            SharedIndexInformer<T> current = informer;
            if (current == null || !current.isRunning() || isOld()) {
                replace();
            } else if (current.isWatching()) {
                well(current);
            } else if (isOlderThan(lastWell, PATIENCE) && problem.isEmpty()) {
                failed("the watch is not established");
            }
        } catch (RuntimeException e) {
            failed(reason(e));
        }
    }

    private boolean isOld() {
        return isOlderThan(startedAt, RELIST);
    }

    private static boolean isOlderThan(long nanos, Duration age) {
        return System.nanoTime() - nanos > age.toNanos();
    }

    private void replace() {
        SharedIndexInformer<T> old = informer;
        if (old != null) {
            old.stop();
        }
        listed = false;
        startedAt = System.nanoTime();
        SharedIndexInformer<T> fresh = resources.runnableInformer(0);
        fresh.itemStore(new CutDownStore());
        fresh.addEventHandler(new Handler());
        fresh.exceptionHandler(
                (_, cause) -> {
                    failed(reason(cause));
                    return true;
                });
        informer = fresh;
        var _ = fresh.start();
    }

    private void well(SharedIndexInformer<T> current) {
        lastWell = System.nanoTime();
        if (!problem.isEmpty()) {
            problem = "";
            LOG.info("the Kubernetes API answers again, listing anew kind={}", kind);
            replace();
            return;
        }
        if (!listed && current.hasSynced()) {
            listed = true;
            forgetWhatIsGone(current);
            mapping.listed();
        }
    }

    private void forgetWhatIsGone(SharedIndexInformer<T> current) {
        Set<String> present = new HashSet<>();
        current.getStore().list().forEach(object -> present.add(mapping.key(object)));
        synchronized (known) {
            Set.copyOf(known.keySet()).stream()
                    .filter(key -> !present.contains(key))
                    .forEach(this::remove);
        }
    }

    private void failed(String reason) {
        if (problem.isEmpty()) {
            LOG.warn(
                    "the Kubernetes API does not answer, will retry kind={} server={}: {}",
                    kind,
                    server,
                    reason);
        }
        problem =
                "the Kubernetes API at %s cannot be used (%s): %s".formatted(server, kind, reason);
    }

    /** The innermost cause that says something. */
    private static String reason(Throwable failure) {
        String reason = failure.getClass().getSimpleName();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each.getMessage() != null) {
                reason = each.getMessage();
            } else if (each instanceof ConnectException) {
                reason = "connection refused";
            }
        }
        return reason;
    }

    private void put(T object) {
        V value = mapping.value(object);
        synchronized (known) {
            V before = known.put(mapping.key(object), value);
            if (!value.equals(before)) {
                mapping.changed(value);
            }
        }
    }

    private void remove(String key) {
        synchronized (known) {
            if (known.remove(key) != null) {
                mapping.removed(key);
            }
        }
    }

    @Override
    public void close() {
        supervisor.shutdownNow();
        SharedIndexInformer<T> current = informer;
        if (current != null) {
            current.stop();
        }
    }

    /** Runs on the informer's thread. */
    private final class Handler implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T object) {
            put(object);
        }

        @Override
        public void onUpdate(T before, T object) {
            put(object);
        }

        @Override
        public void onDelete(T object, boolean finalStateUnknown) {
            remove(mapping.key(object));
        }
    }

    private final class CutDownStore extends BasicItemStore<T> {
        CutDownStore() {
            super(mapping::key);
        }

        @Override
        public @Nullable T put(String key, T object) {
            return super.put(key, mapping.cutDown(object));
        }
    }
}
