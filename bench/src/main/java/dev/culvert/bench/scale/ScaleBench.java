package dev.culvert.bench.scale;

import dev.culvert.bench.path.Processes;
import dev.culvert.bench.scale.api.ApiServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Starts an agent in a simulated cluster, several times, and then lets the cluster change. One
 * thread.
 */
final class ScaleBench {
    /** So many nodes are asked for one by one before the database counts as complete. */
    private static final int SAMPLED_NODES = 64;

    private static final int START_SECONDS = 180;
    private static final int QUIET_SECONDS = 5;
    private static final long SECOND = 1_000_000_000L;

    private final ScalePlan plan;
    private final Processes processes;
    private final Path directory;
    private final Measurements measurements = new Measurements();

    /**
     * @param directory for files; empty
     */
    ScaleBench(ScalePlan plan, Processes processes, Path directory) {
        this.plan = plan;
        this.processes = processes;
        this.directory = directory;
    }

    /** Measures everything. */
    Measurements run() throws IOException {
        Tls tls = Tls.create(directory);
        for (int start = 1; start <= plan.starts(); start++) {
            System.err.printf("Start %d of %d%n", start, plan.starts());
            run(tls, start == plan.starts());
        }
        return measurements;
    }

    private void run(Tls tls, boolean changes) throws IOException {
        String token = UUID.randomUUID().toString();
        ListWatcher lists = new ListWatcher();
        SimulatedCluster cluster = new SimulatedCluster(plan.nodes(), plan.pods(), plan.ownPods());
        Path files = Files.createTempDirectory(directory, "agent");
        try (ScaleNode node = ScaleNode.create(processes);
                ApiServer api = new ApiServer(cluster.stores(), tls.server(), token, lists);
                ForwardingProbe probe = new ForwardingProbe(node.node(), node.underlay())) {
            ScaleNode.inside(
                    node.api(),
                    () -> {
                        api.start(node.apiAddress());
                        return true;
                    });
            probe.start();
            try (AgentUnderTest agent =
                    AgentUnderTest.start(processes, node, plan, files, kubeconfig(tls, token))) {
                awaitForwarding(agent, cluster, lists, probe);
                if (changes) {
                    change(agent, cluster, probe);
                }
            }
        }
    }

    private static String kubeconfig(Tls tls, String token) {
        return """
        apiVersion: v1
        kind: Config
        current-context: scale
        contexts: [{name: scale, context: {cluster: scale, user: scale}}]
        clusters:
        - name: scale
          cluster: {server: 'https://%s:%d', certificate-authority-data: %s}
        users: [{name: scale, user: {token: %s}}]
        """
                .formatted(ScaleNode.API_ADDRESS, ScaleNode.API_PORT, tls.certificate(), token);
    }

    private void awaitForwarding(
            AgentUnderTest agent,
            SimulatedCluster cluster,
            ListWatcher lists,
            ForwardingProbe probe)
            throws IOException {
        List<Expectation> sampled = cluster.expectations(SAMPLED_NODES);
        long end = System.nanoTime() + START_SECONDS * SECOND;
        while (lists.nodesSent() == 0) {
            agent.requireAlive();
            if (System.nanoTime() - end > 0) {
                throw new IOException("the agent does not list the nodes: " + agent.tail());
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        probe.expect(sampled.getLast());
        awaitAll(agent, probe);
        sampled.forEach(probe::expect);
        long complete = awaitAll(agent, probe);
        measurements.add(ScaleMetric.FDB_COMPLETE, (complete - lists.nodesSent()) / 1e6);
        measurements.add(ScaleMetric.START_TO_FDB, (complete - agent.startedAt()) / 1e6);
        measurements.add(ScaleMetric.START_CPU, agent.cpuSeconds());
        requireEntries(agent, cluster.nodeCount() - 1);
    }

    private static long awaitAll(AgentUnderTest agent, ForwardingProbe probe) throws IOException {
        try {
            return probe.awaitAll(START_SECONDS);
        } catch (IOException e) {
            throw new IOException(e.getMessage() + "; the agent says: " + agent.tail(), e);
        }
    }

    private static void requireEntries(AgentUnderTest agent, int expected) throws IOException {
        double entries = agent.metric("culvert_overlay_fdb_entries");
        if (entries != expected) {
            throw new IOException(
                    "the agent knows %.0f nodes instead of %d: %s"
                            .formatted(entries, expected, agent.tail()));
        }
    }

    private void change(AgentUnderTest agent, SimulatedCluster cluster, ForwardingProbe probe)
            throws IOException {
        try (PodSandboxes pods = new PodSandboxes(plan.cni(), agent.runDirectory())) {
            for (SimulatedPod pod : cluster.ownPods()) {
                pods.attach(pod);
            }
            LockSupport.parkNanos(QUIET_SECONDS * SECOND);
            System.err.printf("Changes for %d s%n", plan.seconds());
            int collections = agent.gcLog().pauses().size();
            double cpu = agent.cpuSeconds();
            long begin = System.nanoTime();
            change(agent, cluster, probe, begin);
            double seconds = (System.nanoTime() - begin) / 1e9;
            measurements.add(ScaleMetric.CPU, 100 * (agent.cpuSeconds() - cpu) / seconds);
            probe.awaitAll(30);
            requireEntries(agent, cluster.nodeCount() - 1);
            addEvents(agent, probe);
            addMemory(agent, collections);
        }
    }

    /** At random times, which is how independent events come: sometimes several at once. */
    private void change(
            AgentUnderTest agent, SimulatedCluster cluster, ForwardingProbe probe, long begin)
            throws IOException {
        Random random = new Random(7);
        long end = begin + plan.seconds() * SECOND;
        long nextNode = begin;
        long nextPod = begin;
        long nextLook = begin;
        for (long now = begin; now - end < 0; now = System.nanoTime()) {
            while (nextNode - now <= 0) {
                Expectation expectation = cluster.changeNode();
                if (expectation != null) {
                    probe.expect(expectation);
                }
                nextNode += pause(random, plan.nodeChanges());
            }
            while (nextPod - now <= 0) {
                cluster.changePod();
                nextPod += pause(random, plan.podChanges());
            }
            if (nextLook - now <= 0) {
                agent.requireAlive();
                measurements.add(ScaleMetric.RSS, agent.residentMiB());
                nextLook += SECOND;
            }
            long next = Math.min(nextLook - now, Math.min(nextNode - now, nextPod - now));
            LockSupport.parkNanos(Math.max(1, next));
        }
    }

    private static long pause(Random random, int perSecond) {
        return (long) (-Math.log(1 - random.nextDouble()) / perSecond * SECOND);
    }

    private void addEvents(AgentUnderTest agent, ForwardingProbe probe) throws IOException {
        List<Double> sorted = probe.seenAfterMillis().stream().sorted().toList();
        if (probe.missed() > 0 || sorted.isEmpty()) {
            throw new IOException(
                    "%d of %d changes had no effect on packets within 20 s: %s"
                            .formatted(
                                    probe.missed(), probe.missed() + sorted.size(), agent.tail()));
        }
        measurements.add(ScaleMetric.EVENT_P50, Measurements.quantile(sorted, 0.5));
        measurements.add(ScaleMetric.EVENT_P99, Measurements.quantile(sorted, 0.99));
        measurements.add(ScaleMetric.EVENT_MAX, sorted.getLast());
        double events = agent.metric("culvert_sync_event_to_applied_seconds_count");
        if (events > 0) {
            measurements.add(
                    ScaleMetric.AGENT_MEAN,
                    1000 * agent.metric("culvert_sync_event_to_applied_seconds_sum") / events);
        }
    }

    private void addMemory(AgentUnderTest agent, int collections) throws IOException {
        measurements.add(ScaleMetric.RSS_PEAK, agent.peakMiB());
        List<GcLog.Pause> pauses = agent.gcLog().pauses();
        for (GcLog.Pause pause : pauses.subList(collections, pauses.size())) {
            measurements.add(ScaleMetric.HEAP, pause.afterMiB());
            measurements.add(ScaleMetric.GC_PAUSE, pause.millis());
        }
        agent.collectGarbage();
        measurements.add(ScaleMetric.HEAP_LIVE, agent.gcLog().pauses().getLast().afterMiB());
    }
}
