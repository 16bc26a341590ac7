package dev.culvert.agent.cni;

import dev.culvert.linux.netns.NetworkNamespace;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request to the handler of its verb, one at a time for each container, turns errors
 * into answers, and counts. Any thread.
 *
 * <p>Metric: {@code culvert_cni_requests_seconds{verb,result}}, where the result is {@code success}
 * or {@code code_N}.
 */
final class CniDispatcher {
    private static final Logger LOG = LogManager.getLogger(CniDispatcher.class);

    /** What to send back. */
    record Answer(int exitStatus, String stdout) {
        boolean isSuccess() {
            return exitStatus == 0;
        }
    }

    private final Map<String, VerbHandler> handlers;
    private final MeterRegistry metrics;
    private final ContainerLocks locks = new ContainerLocks();

    CniDispatcher(Map<String, VerbHandler> handlers, MeterRegistry metrics) {
        this.handlers = Map.copyOf(handlers);
        this.metrics = metrics;
    }

    Answer dispatch(CniRequest request, @Nullable NetworkNamespace namespace) {
        Timer.Sample sample = Timer.start(metrics);
        String result = "success";
        try {
            return new Answer(0, carryOut(request, namespace));
        } catch (CniError e) {
            result = "code_" + e.code();
            LOG.warn(
                    "{} refused container={} code={} reason={} details={}",
                    request.command(),
                    request.containerId(),
                    e.code(),
                    e.getMessage(),
                    e.details());
            return new Answer(1, e.json(request.answerVersion()));
        } finally {
            sample.stop(timer(request.command(), result));
        }
    }

    private String carryOut(CniRequest request, @Nullable NetworkNamespace namespace)
            throws CniError {
        VerbHandler handler = handlers.get(request.command());
        if (handler == null) {
            throw new CniError(
                    CniError.BAD_ENVIRONMENT,
                    "CNI_COMMAND '%s' is not supported yet by this version"
                            .formatted(request.command()));
        }
        try (var _ = locks.hold(request.containerId())) {
            return handler.handle(request, namespace);
        } catch (RuntimeException e) {
            LOG.error("{} failed container={}", request.command(), request.containerId(), e);
            throw new CniError(CniError.INTERNAL, "a defect of the agent; see its log", e);
        }
    }

    private Timer timer(String command, String result) {
        return Timer.builder("culvert.cni.requests")
                .description("CNI calls, by verb and by how they ended")
                .tag("verb", handlers.containsKey(command) ? command : "other")
                .tag("result", result)
                .publishPercentileHistogram()
                .register(metrics);
    }
}
