package dev.culvert.agent.kube;

import dev.culvert.agent.state.VtepAnnouncement;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps this node's VTEP annotation as it should be, through {@code nodes/status}, which is all
 * that the agent may write. Any thread may tell it what should be and what is; a thread of its own
 * writes when the two differ, and tries again until they do not.
 */
public final class VtepPublisher implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(VtepPublisher.class);

    private final KubernetesClient client;
    private final String nodeName;
    private final ScheduledExecutorService executor =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("kube-vtep").factory());
    private volatile @Nullable VtepAnnouncement desired;
    private volatile @Nullable VtepAnnouncement observed;
    private volatile String problem = "";

    /** Nothing happens before {@link #start}. */
    public VtepPublisher(KubernetesClient client, String nodeName) {
        this.client = client;
        this.nodeName = nodeName;
    }

    /** Starts its thread. */
    public void start() {
        var _ = executor.scheduleWithFixedDelay(this::publish, 0, 500, TimeUnit.MILLISECONDS);
    }

    /** What the annotation should say. */
    public void desire(VtepAnnouncement vtep) {
        desired = vtep;
    }

    /** What the annotation says, as the watch sees it; null for nothing or nothing legible. */
    public void observe(@Nullable VtepAnnouncement vtep) {
        observed = vtep;
    }

    /** Why it could not be written, a sentence; empty when it was, or need not be yet. */
    public String problem() {
        return problem;
    }

    private void publish() {
        VtepAnnouncement wanted = desired;
        if (wanted == null || wanted.equals(observed)) {
            return;
        }
        try {
            String text = VtepAnnotation.write(wanted);
            Node answer =
                    client.nodes()
                            .withName(nodeName)
                            .subresource("status")
                            .patch(
                                    PatchContext.of(PatchType.JSON_MERGE),
                                    VtepAnnotation.patch(text));
            if (!text.equals(annotation(answer))) {
                failed("the API server accepted the change but did not make it");
                return;
            }
            observed = wanted;
            problem = "";
            LOG.info("published this node's VTEP vtep={}", text);
        } catch (KubernetesClientException e) {
            failed(String.valueOf(e.getMessage()));
        }
    }

    private void failed(String reason) {
        if (problem.isEmpty()) {
            LOG.warn("cannot publish this node's VTEP, will retry: {}", reason);
        }
        problem = "cannot write the annotation of node %s: %s".formatted(nodeName, reason);
    }

    private static @Nullable String annotation(Node node) {
        Map<String, String> annotations = node.getMetadata().getAnnotations();
        return annotations == null ? null : annotations.get(VtepAnnotation.KEY);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
