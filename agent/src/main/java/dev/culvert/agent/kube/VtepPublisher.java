package dev.culvert.agent.kube;

import dev.culvert.agent.state.OwnNode;
import dev.culvert.agent.state.VtepAnnouncement;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the annotations with this node's VTEP as they should be, through {@code nodes/status},
 * which is all that the agent may write. Any thread may tell it what should be and what is; a
 * thread of its own writes when the two differ, and tries again until they do not.
 */
public final class VtepPublisher implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(VtepPublisher.class);
    private static final JsonMapper JSON = new JsonMapper();

    private final KubernetesClient client;
    private final String nodeName;
    private final NodeAnnotations annotations;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("kube-vtep").factory());
    private volatile @Nullable VtepAnnouncement desired;
    private volatile Map<String, String> observed = Map.of();
    private volatile String problem = "";

    /** Nothing happens before {@link #start}. */
    public VtepPublisher(KubernetesClient client, String nodeName, NodeAnnotations annotations) {
        this.client = client;
        this.nodeName = nodeName;
        this.annotations = annotations;
    }

    /** Starts its thread. */
    public void start() {
        var _ = executor.scheduleWithFixedDelay(this::publish, 0, 500, TimeUnit.MILLISECONDS);
    }

    /** What the annotations should say. */
    public void desire(VtepAnnouncement vtep) {
        desired = vtep;
    }

    /** What the Node says, as the watch sees it; null for nothing. */
    public void observe(@Nullable OwnNode own) {
        observed = own == null ? Map.of() : own.annotations();
    }

    /** Why it could not be written, a sentence; empty when it was, or need not be yet. */
    public String problem() {
        return problem;
    }

    private void publish() {
        VtepAnnouncement vtep = desired;
        if (vtep == null) {
            return;
        }
        try {
            Map<String, String> wanted = annotations.write(vtep, observed);
            if (observed.entrySet().containsAll(wanted.entrySet())) {
                problem = "";
            } else {
                write(wanted);
            }
        } catch (RuntimeException e) { // whatever it is, the next attempt may go through
            failed(String.valueOf(e.getMessage()));
        }
    }

    private void write(Map<String, String> wanted) {
        String patch = JSON.writeValueAsString(Map.of("metadata", Map.of("annotations", wanted)));
        Node answer =
                client.nodes()
                        .withName(nodeName)
                        .subresource("status")
                        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
        Map<String, String> present = annotations.relevant(answer.getMetadata().getAnnotations());
        if (!present.entrySet().containsAll(wanted.entrySet())) {
            failed("the API server accepted the change but did not make it");
            return;
        }
        observed = present;
        problem = "";
        LOG.info("published this node's VTEP annotations={}", wanted);
    }

    private void failed(String reason) {
        if (problem.isEmpty()) {
            LOG.warn("cannot publish this node's VTEP, will retry: {}", reason);
        }
        problem = "cannot write the annotations of node %s: %s".formatted(nodeName, reason);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
