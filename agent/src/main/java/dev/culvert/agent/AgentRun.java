package dev.culvert.agent;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.config.ConfigWatch;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.log.LogFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Runs the agent until the process is told to stop. Stateless; the main thread calls it once. */
final class AgentRun {
    private AgentRun() {}

    /**
     * Returns when the agent could not be started.
     *
     * @param environment what it says over the settings
     * @param complaints where to say why it could not
     * @return the exit status
     */
    static int run(
            AgentArguments arguments,
            Map<String, String> environment,
            Supplier<PrintWriter> complaints) {
        HeadStart.begin();
        // Before the first logger, which reading the settings may make.
        AgentLog.install("info", LogFormat.TEXT);
        try {
            ConfigWatch settings = ConfigWatch.open(arguments.config(), environment);
            AgentLog.apply(settings.get().logLevel(), settings.get().logFormat());
            return run(new Agent(settings, arguments.nodeName(), arguments.kubeconfig()));
        } catch (ConfigException | IOException e) {
            complaints.get().println("culvert: " + e.getMessage());
            return 1;
        }
    }

    /** Told to stop is done, not failed: without the halt the JVM would end with 128 + signal. */
    private static int run(Agent agent) throws IOException {
        CountDownLatch forever = new CountDownLatch(1);
        AtomicInteger status = new AtomicInteger(0);
        Runnable stop =
                () -> {
                    agent.close();
                    Runtime.getRuntime().halt(status.get());
                };
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(stop));
        try {
            agent.start();
        } catch (IOException | RuntimeException e) {
            status.set(1);
            throw e;
        }
        try {
            forever.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }
}
