package dev.culvert.agent.kube;

import dev.culvert.agent.state.OwnNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sets the Node's condition {@code NetworkUnavailable} to false once this node is ready, and again
 * when somebody says otherwise; other conditions stay as they are. A thread of its own writes; any
 * thread tells what the Node says.
 *
 * <p>It is never set to true: pods that run keep their network while the agent is away, and whether
 * new ones can be attached is what CNI's STATUS says. Where somebody else keeps writing it, this
 * answers at most once in a while.
 */
public final class NetworkCondition implements AutoCloseable {
    static final String TYPE = "NetworkUnavailable";
    static final String REASON = "CulvertIsUp";

    private static final Logger LOG = LogManager.getLogger(NetworkCondition.class);
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final String FALSE = "False ";
    private static final JsonMapper JSON = new JsonMapper();

    private final KubernetesClient client;
    private final String nodeName;
    private final BooleanSupplier ready;
    private final Duration pause;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("kube-condition").factory());
    private volatile @Nullable OwnNode observed;
    private boolean claimed;
    private boolean written;
    private long writtenAt;
    private boolean failing;

    /**
     * Nothing happens before {@link #start}.
     *
     * @param ready whether pods of this node can be attached
     */
    public NetworkCondition(KubernetesClient client, String nodeName, BooleanSupplier ready) {
        this(client, nodeName, ready, PAUSE);
    }

    NetworkCondition(
            KubernetesClient client, String nodeName, BooleanSupplier ready, Duration pause) {
        this.client = client;
        this.nodeName = nodeName;
        this.ready = ready;
        this.pause = pause;
    }

    /** Starts its thread. */
    public void start() {
        var _ = executor.scheduleWithFixedDelay(this::look, 0, 500, TimeUnit.MILLISECONDS);
    }

    /** What the Node says, as the watch sees it; null while there is none. */
    public void observe(@Nullable OwnNode own) {
        observed = own;
    }

    private void look() {
        OwnNode own = observed;
        if (own == null || !ready.getAsBoolean() || isSaid(own.networkUnavailable())) {
            return;
        }
        if (written && System.nanoTime() - writtenAt < pause.toNanos()) {
            return;
        }
        written = true;
        writtenAt = System.nanoTime();
        write(own);
    }

    /** Once it was ours, another reason for the same is nothing to quarrel about. */
    private boolean isSaid(String condition) {
        boolean ours = condition.equals(FALSE + REASON);
        claimed |= ours;
        return ours || (claimed && condition.startsWith(FALSE));
    }

    private void write(OwnNode own) {
        try {
            client.nodes()
                    .withName(nodeName)
                    .subresource("status")
                    .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), patch(own));
            // Until the watch shows it, so that it is not written twice.
            observed = new OwnNode(own.annotations(), FALSE + REASON);
            claimed = true;
            failing = false;
            LOG.info("the Node says that its network is available node={}", nodeName);
        } catch (RuntimeException e) { // whatever it is, the next attempt may go through
            if (!failing) {
                failing = true;
                LOG.warn(
                        "cannot set the condition {} of node {}, will retry: {}",
                        TYPE,
                        nodeName,
                        e.getMessage());
            }
        }
    }

    /** Merged by type with the conditions that are there. */
    private static String patch(OwnNode own) {
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Map<String, Object> condition = new LinkedHashMap<>();
        condition.put("type", TYPE);
        condition.put("status", "False");
        condition.put("reason", REASON);
        condition.put("message", "Culvert carries this node's pods' packets");
        condition.put("lastHeartbeatTime", now);
        if (!own.networkUnavailable().startsWith(FALSE)) {
            condition.put("lastTransitionTime", now);
        }
        return JSON.writeValueAsString(Map.of("status", Map.of("conditions", List.of(condition))));
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
