package dev.culvert.agent.kube;

import java.net.URL;
import java.time.Duration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Whether the API can be used, as one watch finds it, and what to say if it cannot. The watch's
 * thread tells it; any may ask.
 */
final class ApiHealth {
    private static final Logger LOG = LogManager.getLogger(ApiHealth.class);

    /** How long a request may go unanswered before that is called a problem. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final String kind;
    private final URL server;
    private volatile String problem = "";
    private volatile @Nullable Long askedAt;

    ApiHealth(String kind, URL server) {
        this.kind = kind;
        this.server = server;
    }

    /** A sentence, or empty while there is no problem. */
    String problem() {
        Long asked = askedAt;
        boolean late = asked != null && System.nanoTime() - asked > PATIENCE.toNanos();
        return problem.isEmpty() && late ? sentence("no answer yet") : problem;
    }

    /** A request begins. */
    void asked() {
        askedAt = System.nanoTime();
    }

    /** It is over, one way or the other. */
    void answered() {
        askedAt = null;
    }

    /** The watch stands. */
    void well() {
        askedAt = null;
        if (!problem.isEmpty()) {
            problem = "";
            LOG.info("the Kubernetes API answers again kind={}", kind);
        }
    }

    /** The first failure is worth a line, repetitions are not. */
    void failed(String reason) {
        if (problem.isEmpty()) {
            LOG.warn(
                    "the Kubernetes API does not answer, will retry kind={} server={}: {}",
                    kind,
                    server,
                    reason);
        }
        problem = sentence(reason);
    }

    private String sentence(String reason) {
        return "the Kubernetes API at %s cannot be used (%s): %s".formatted(server, kind, reason);
    }
}
