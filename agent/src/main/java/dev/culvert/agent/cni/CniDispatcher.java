package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.linux.netns.NetworkNamespace;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Gives each request to the handler of its verb, one at a time for each container, turns errors
 * into answers, and counts. Any thread.
 *
 * <p>What a container's calls leave behind does not depend on how they race: an ADD that a later
 * DEL has overtaken is refused, and one whose answer cannot be delivered is undone.
 *
 * <p>Metric: {@code culvert_cni_requests_seconds{verb,result}}, where the result is {@code success}
 * or {@code code_N}.
 */
final class CniDispatcher {
    private static final Logger LOG = LogManager.getLogger(CniDispatcher.class);

    /** Few, since each verb and result has them all. */
    private static final Duration[] BUCKETS =
            IntStream.of(2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
                    .mapToObj(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private static final Set<String> ABOUT_A_CONTAINER = Set.of("ADD", "DEL", "CHECK");

    /** What to send back. */
    record Answer(int exitStatus, String stdout) {
        boolean isSuccess() {
            return exitStatus == 0;
        }
    }

    /** The way back to the caller. */
    interface Delivery {
        /**
         * Delivers an answer.
         *
         * @throws IOException if the caller is gone
         */
        void deliver(Answer answer) throws IOException;
    }

    private final Map<String, VerbHandler> handlers;
    private final ContainerLocks locks;
    private final CallOrder order;
    private final MeterRegistry metrics;

    CniDispatcher(
            Map<String, VerbHandler> handlers,
            ContainerLocks locks,
            CallOrder order,
            MeterRegistry metrics) {
        this.handlers = Map.copyOf(handlers);
        this.locks = locks;
        this.order = order;
        this.metrics = metrics;
    }

    /**
     * Carries out a request and delivers the answer before another call about the container begins.
     *
     * @param number when it came, from {@link CallOrder#enter}
     */
    void dispatch(
            CniRequest request,
            @Nullable NetworkNamespace namespace,
            long number,
            Delivery delivery)
            throws IOException {
        Timer.Sample sample = Timer.start(metrics);
        if (!ABOUT_A_CONTAINER.contains(request.command())) {
            delivery.deliver(answer(request, namespace, number, sample));
            return;
        }
        try (var _ = locks.hold(request.containerId())) {
            Answer answer = answer(request, namespace, number, sample);
            try {
                delivery.deliver(answer);
            } catch (IOException e) {
                undo(request, answer);
                throw e;
            }
        }
    }

    /**
     * Carries out a DEL that nobody waits for, unless another call about the container is under
     * way.
     *
     * @return whether it was done
     */
    boolean dispatchQueued(CniRequest delete, long number) {
        try (ContainerLocks.Held held = locks.tryHold(delete.containerId())) {
            return held != null && answer(delete, null, number, Timer.start(metrics)).isSuccess();
        }
    }

    private Answer answer(
            CniRequest request,
            @Nullable NetworkNamespace namespace,
            long number,
            Timer.Sample sample) {
        String result = "success";
        try {
            return new Answer(0, carryOut(request, namespace, number));
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

    private String carryOut(CniRequest request, @Nullable NetworkNamespace namespace, long number)
            throws CniError {
        VerbHandler handler = handlers.get(request.command());
        if (handler == null) {
            throw new CniError(
                    CniError.BAD_ENVIRONMENT,
                    "CNI_COMMAND '%s' is not a CNI verb".formatted(request.command()));
        }
        observeOrder(request, number);
        try {
            return handler.handle(request, namespace);
        } catch (RuntimeException e) {
            LOG.error("{} failed container={}", request.command(), request.containerId(), e);
            throw new CniError(CniError.INTERNAL, "a defect of the agent; see its log", e);
        }
    }

    private void observeOrder(CniRequest request, long number) throws CniError {
        if (request.command().equals("DEL")) {
            order.delete(request.endpoint(), number);
        } else if (request.command().equals("ADD")) {
            Endpoint endpoint = request.endpoint();
            if (order.isOvertaken(endpoint, number)) {
                throw new CniError(
                        CniError.TRY_AGAIN,
                        "a DEL of %s came after this ADD and was carried out already"
                                .formatted(endpoint));
            }
        }
    }

    /** The caller knows nothing of the attachment, and may never ask for its removal. */
    private void undo(CniRequest request, Answer answer) {
        VerbHandler del = handlers.get("DEL");
        if (!request.command().equals("ADD") || !answer.isSuccess() || del == null) {
            return;
        }
        try {
            del.handle(request, null);
            LOG.warn("ADD is undone: its caller is gone container={}", request.containerId());
        } catch (CniError | RuntimeException e) {
            LOG.error(
                    "ADD whose caller is gone cannot be undone container={}",
                    request.containerId(),
                    e);
        }
    }

    private Timer timer(String command, String result) {
        return Timer.builder("culvert.cni.requests")
                .description("CNI calls, by verb and by how they ended")
                .tag("verb", handlers.containsKey(command) ? command : "other")
                .tag("result", result)
                .serviceLevelObjectives(BUCKETS)
                .register(metrics);
    }
}
