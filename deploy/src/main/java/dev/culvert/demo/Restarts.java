package dev.culvert.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** How fast an agent of the image starts, and what it holds then. The main thread only. */
final class Restarts {
    private static final int TIMES = 3;
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final int MOMENTS = 11;
    private static final Duration BETWEEN = Duration.ofSeconds(2);
    private static final double GOAL_SECONDS = 1.5;
    private static final double GOAL_MEGABYTES = 120;

    private final ImageProgram program;
    private final Report report;
    private final List<Double> seconds = new ArrayList<>();
    private final List<Double> processor = new ArrayList<>();

    Restarts(ImageProgram program, Report report) {
        this.program = program;
        this.report = report;
    }

    /** Stops and starts the agent some times and returns the last. */
    AgentProcess show(AgentProcess first, ApiAccess api)
            throws DemoException, InterruptedException {
        report.heading("Start and memory of the image's agent on " + first.name());
        AgentProcess agent = first;
        for (int time = 0; time < TIMES; time++) {
            agent.stop();
            agent = agent.again(api);
            agent.awaitReady(LIMIT);
            // Before the runtime is asked which process it is, which takes time itself.
            double ready = ImageProgram.uptime();
            ContainerStat stat = program.stat(agent.name());
            seconds.add(ready - stat.startSeconds());
            processor.add(stat.processorSeconds());
        }
        Collections.sort(seconds);
        Collections.sort(processor);
        report.line(
                String.format(
                        Locale.ROOT,
                        "  ready %.2f s after the process began (median of %d, %.2f to %.2f;"
                                + " %.2f s of processor time), goal %.1f",
                        seconds.get(TIMES / 2),
                        TIMES,
                        seconds.getFirst(),
                        seconds.getLast(),
                        processor.get(TIMES / 2),
                        GOAL_SECONDS));
        showMemory(agent);
        return agent;
    }

    /** Of several moments, since the compilers take some megabytes for some seconds at times. */
    private void showMemory(AgentProcess agent) throws DemoException, InterruptedException {
        agent.requireIdle(IDLE);
        List<ContainerMemory> moments = new ArrayList<>();
        for (int moment = 0; moment < MOMENTS; moment++) {
            agent.requireIdle(BETWEEN);
            moments.add(program.memory(agent.name()));
        }
        moments.sort(Comparator.comparingDouble(Restarts::resident));
        ContainerMemory median = moments.get(MOMENTS / 2);
        double own = median.megabytes("RssAnon");
        report.line(
                String.format(
                        Locale.ROOT,
                        "  resident %.0f MB after %d s idle (median of %d moments in %d s, %.0f to"
                                + " %.0f; %.0f of its own, %.0f of files), goal %.0f",
                        resident(median),
                        IDLE.toSeconds(),
                        MOMENTS,
                        BETWEEN.toSeconds() * MOMENTS,
                        resident(moments.getFirst()),
                        resident(moments.getLast()),
                        own,
                        resident(median) - own,
                        GOAL_MEGABYTES));
    }

    private static double resident(ContainerMemory memory) {
        return memory.megabytes("VmRSS");
    }
}
