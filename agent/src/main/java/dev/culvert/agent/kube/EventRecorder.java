package dev.culvert.agent.kube;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.state.Notice;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.events.v1.Event;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Writes what an operator must know as Events about this node ({@code kubectl describe node}), or
 * about a network policy. It only creates: the same is not said again for an hour, which is how
 * long the API keeps it, and all together are ten at once and then two a minute. {@link #record}
 * may be called by any thread and never blocks; a thread of its own writes.
 */
public final class EventRecorder implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(EventRecorder.class);
    private static final String NAMESPACE = "default"; // where Events about Nodes are looked for
    private static final String CONTROLLER = "culvert.dev/agent";
    private static final int LONGEST_NOTE = 1024;
    private static final int MOST_WAITING = 32;
    private static final int MOST_REMEMBERED = 256;
    private static final int BURST = 10;
    private static final long REFILL_NANOS = Duration.ofSeconds(30).toNanos();
    private static final long RETRY_NANOS = Duration.ofSeconds(15).toNanos();
    private static final long REPEAT_NANOS = Duration.ofHours(1).toNanos();
    private static final int UNPROCESSABLE = 422;
    private static final int BAD_REQUEST = 400;
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final KubernetesClient client;
    private final String nodeName;
    private final LongSupplier nanoTime;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("kube-events").factory());
    private final Deque<Notice> waiting = new ArrayDeque<>();
    private final Map<Notice, Long> said = new LinkedHashMap<>();
    private final LongAdder created = new LongAdder();
    private final LongAdder suppressed = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile String uid = "";
    private int tokens = BURST;
    private long refilledAt;
    private boolean failing;
    private long failedAt;

    /** Nothing happens before {@link #start}. */
    public EventRecorder(KubernetesClient client, String nodeName) {
        this(client, nodeName, System::nanoTime);
    }

    EventRecorder(KubernetesClient client, String nodeName, LongSupplier nanoTime) {
        this.client = client;
        this.nodeName = nodeName;
        this.nanoTime = nanoTime;
        this.refilledAt = nanoTime.getAsLong();
    }

    /** Starts its thread. */
    public void start() {
        var _ = executor.scheduleWithFixedDelay(this::write, 0, 500, TimeUnit.MILLISECONDS);
    }

    /** The uid of the Node object as it is now. */
    public void about(String nodeUid) {
        uid = nodeUid;
    }

    /** Says it, unless it was said lately. */
    public void record(Notice notice) {
        synchronized (waiting) {
            Long before = said.get(notice);
            long now = nanoTime.getAsLong();
            if (before != null && now - before < REPEAT_NANOS) {
                suppressed.increment();
                return;
            }
            if (waiting.size() == MOST_WAITING) {
                waiting.removeFirst();
                suppressed.increment();
            }
            said.remove(notice);
            said.put(notice, now);
            if (said.size() > MOST_REMEMBERED) {
                said.remove(said.keySet().iterator().next());
            }
            waiting.addLast(notice);
        }
    }

    /** Events that were created, for a metric. */
    public long created() {
        return created.sum();
    }

    /** Notices that became no Event since they came too often. */
    public long suppressed() {
        return suppressed.sum();
    }

    /** Attempts that the API refused or did not answer. */
    public long failed() {
        return failed.sum();
    }

    private void write() {
        if (failing && nanoTime.getAsLong() - failedAt < RETRY_NANOS) {
            return;
        }
        Notice notice = next();
        while (notice != null) {
            if (!create(notice)) {
                return;
            }
            synchronized (waiting) {
                waiting.remove(notice);
            }
            tokens--;
            notice = next();
        }
    }

    /** The next that may be written now; it waits on until it was. */
    private @Nullable Notice next() {
        long intervals = (nanoTime.getAsLong() - refilledAt) / REFILL_NANOS;
        refilledAt += intervals * REFILL_NANOS;
        tokens = (int) Math.min(BURST, tokens + intervals);
        synchronized (waiting) {
            return tokens > 0 ? waiting.peekFirst() : null;
        }
    }

    /** Whether there is nothing left to do about it: done, or refused for good. */
    private boolean create(Notice notice) {
        try {
            client.events()
                    .v1()
                    .events()
                    .inNamespace(namespace(notice))
                    .resource(event(notice, Instant.now()))
                    .create();
            created.increment();
            failing = false;
            return true;
        } catch (RuntimeException e) {
            failed.increment();
            failedAt = nanoTime.getAsLong();
            if (!failing) {
                failing = true;
                LOG.warn("cannot write an Event about node {}: {}", nodeName, e.getMessage());
            }
            return e instanceof KubernetesClientException refusal
                    && (refusal.getCode() == BAD_REQUEST || refusal.getCode() == UNPROCESSABLE);
        }
    }

    Event event(Notice notice, Instant now) {
        String note = notice.message();
        return new EventBuilder()
                .withNewMetadata()
                .withNamespace(namespace(notice))
                .withName("%s.%x".formatted(nodeName, ChronoUnit.NANOS.between(Instant.EPOCH, now)))
                .endMetadata()
                .withRegarding(regarding(notice.policy()))
                .withEventTime(new MicroTime(MICROS.format(now)))
                .withReportingController(CONTROLLER)
                .withReportingInstance(nodeName)
                .withAction("Network")
                .withReason(notice.reason().text())
                .withType(notice.reason().isWarning() ? "Warning" : "Normal")
                .withNote(note.substring(0, Math.min(note.length(), LONGEST_NOTE)))
                .build();
    }

    private static String namespace(Notice notice) {
        NetworkPolicyInfo policy = notice.policy();
        return policy == null ? NAMESPACE : policy.namespace();
    }

    private ObjectReference regarding(@Nullable NetworkPolicyInfo policy) {
        return policy == null
                ? new ObjectReferenceBuilder()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(nodeName)
                        .withUid(uid.isEmpty() ? nodeName : uid)
                        .build()
                : new ObjectReferenceBuilder()
                        .withApiVersion("networking.k8s.io/v1")
                        .withKind("NetworkPolicy")
                        .withNamespace(policy.namespace())
                        .withName(policy.name())
                        .withUid(policy.uid())
                        .build();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
