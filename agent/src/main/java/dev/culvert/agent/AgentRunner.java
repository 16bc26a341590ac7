package dev.culvert.agent;

import dev.culvert.agent.admin.AdminClient;
import dev.culvert.agent.admin.AdminServer;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.handover.AgentIdentity;
import dev.culvert.agent.handover.NodeClaim;
import dev.culvert.agent.log.AgentLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Runs an agent until the process is told to stop, whenever this process has the node: it gives the
 * node to an agent that is to take its place, and waits to have it back. {@link #run} is the main
 * thread's.
 */
final class AgentRunner {
    private static final Logger LOG = LogManager.getLogger(AgentRunner.class);

    /** An agent that took a node over and is not ready by then gives it back. */
    private static final Duration UNTIL_READY = Duration.ofSeconds(60);

    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration LONG = Duration.ofDays(1);

    private final Settings settings;
    private final String nodeName;
    private final @Nullable Path kubeconfig;
    private final AgentIdentity self;
    private final AtomicReference<@Nullable Agent> running = new AtomicReference<>();
    private final AtomicInteger status = new AtomicInteger(0);

    /** Reads the settings anew. */
    @FunctionalInterface
    interface Settings {
        ConfigWatch read() throws ConfigException, IOException;
    }

    AgentRunner(Settings settings, String nodeName, @Nullable Path kubeconfig, AgentIdentity self) {
        this.settings = settings;
        this.nodeName = nodeName;
        this.kubeconfig = kubeconfig;
        this.self = self;
    }

    /**
     * Runs until the process ends.
     *
     * @return the exit status, if the agent cannot run
     * @throws IOException with a sentence for what waiting cannot mend
     */
    int run() throws ConfigException, IOException {
        @Nullable ConfigWatch fresh = settings.read();
        AgentLog.apply(fresh.get().logLevel(), fresh.get().logFormat());
        Path runDir = fresh.get().runDir();
        NodeClaim claim = new NodeClaim(runDir, self);
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("stop").unstarted(() -> stop(claim)));
        try {
            if (self.isReplacement() && claim.isServedByAnother()) {
                rehearse(claim, fresh);
                fresh = null;
            }
            while (claim.take(by -> ask(runDir, by))) {
                if (!serve(claim, fresh == null ? settings.read() : fresh)) {
                    status.set(1);
                    return 1;
                }
                fresh = null;
                claim.handOver();
            }
        } catch (ConfigException | IOException | RuntimeException e) {
            status.set(1);
            throw e;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return status.get();
    }

    /** Told to stop is done, not failed: without the halt the JVM would end with 128 + signal. */
    private void stop(NodeClaim claim) {
        claim.close();
        Agent agent = running.get();
        if (agent != null) {
            agent.close();
        }
        LogManager.shutdown();
        Runtime.getRuntime().halt(status.get());
    }

    private static void ask(Path runDir, AgentIdentity by) throws IOException {
        LOG.info("asks the agent that serves the node for it {}", by);
        new AdminClient(runDir.resolve(AdminServer.SOCKET))
                .post(AdminService.HAND_OVER, Map.of("revision", by.revision(), "pod", by.pod()));
    }

    /**
     * What the first start needs much time for shall not be done while nobody serves the node, and
     * an agent that cannot even be made shall not ask for it.
     */
    private void rehearse(NodeClaim claim, ConfigWatch configuration) throws IOException {
        new Agent(configuration, nodeName, kubeconfig, claim).rehearse();
    }

    /** Whether another agent shall have the node; otherwise this one was not able to serve it. */
    private boolean serve(NodeClaim claim, ConfigWatch configuration)
            throws IOException, InterruptedException {
        try (Agent agent = new Agent(configuration, nodeName, kubeconfig, claim)) {
            running.set(agent);
            agent.start();
            return awaitEnd(agent::readiness, claim, UNTIL_READY);
        }
    }

    static boolean awaitEnd(
            Supplier<Map<String, String>> readiness, NodeClaim claim, Duration untilReady)
            throws InterruptedException {
        long begin = System.nanoTime();
        boolean settled = false;
        while (true) {
            AgentIdentity by = claim.awaitRequest(settled ? LONG : LOOK);
            if (by != null) {
                LOG.info("hands the node over to {}", by);
                return true;
            }
            if (settled) {
                continue;
            }
            List<String> missing = missing(readiness.get());
            settled = missing.isEmpty();
            if (!settled && System.nanoTime() - begin > untilReady.toNanos()) {
                if (claim.isAwaited()) {
                    LOG.error(
                            "is not ready {} s after it took the node over, and gives it back: {}",
                            untilReady.toSeconds(),
                            String.join("; ", missing));
                    return false;
                }
                settled = true;
            }
        }
    }

    private static List<String> missing(Map<String, String> conditions) {
        return conditions.entrySet().stream()
                .filter(each -> !each.getValue().isEmpty())
                .map(each -> each.getKey() + ": " + each.getValue())
                .toList();
    }
}
