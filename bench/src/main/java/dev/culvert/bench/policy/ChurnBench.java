package dev.culvert.bench.policy;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.bench.path.MachineFiles;
import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets a cluster change as fast as the plan says, whether or not the node keeps up, and tells how
 * long each change took from the moment at which it was due. One thread.
 */
final class ChurnBench {
    private static final long SECOND = 1_000_000_000L;

    private final PolicyPlan plan;
    private final PolicyResults results;
    private final Random random = new Random(7);

    ChurnBench(PolicyPlan plan, PolicyResults results) {
        this.plan = plan;
        this.results = results;
    }

    void run() throws Exception {
        double before = usedMiB();
        PolicyWorld world = new PolicyWorld(plan.policies(), plan.pods(), plan.ownPods());
        try (NetworkNamespace namespace = NetworkNamespace.create();
                PolicyNode node =
                        new PolicyNode(
                                namespace,
                                plan.mode(),
                                List.of(PolicyWorld.OWN_RANGE),
                                world.attached())) {
            List<ClusterEvent> listed = world.listed();
            long begin = System.nanoTime();
            node.start(listed);
            results.add("firstApplyMillis", "ms", (System.nanoTime() - begin) / 1e6);
            listed.clear();
            results.add("stateHeapMiB", "MiB", usedMiB() - before);
            System.err.printf("Changes for %d s%n", plan.warmUpSeconds() + plan.seconds());
            change(node, world, plan.warmUpSeconds());
            node.pending().take();
            measure(node, world);
        }
    }

    private static double usedMiB() {
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        memory.gc();
        return memory.getHeapMemoryUsage().getUsed() / 1024.0 / 1024.0;
    }

    private void measure(PolicyNode node, PolicyWorld world) throws IOException {
        Path stat = Path.of("/proc/self/stat");
        String before = Files.readString(stat);
        long begin = System.nanoTime();
        change(node, world, plan.seconds());
        double seconds = (System.nanoTime() - begin) / 1e9;
        String after = Files.readString(stat);
        Map<ChangeKind, List<Double>> times = node.pending().take();
        List<Double> all = new ArrayList<>();
        times.values().forEach(all::addAll);
        results.addTimes("eventToInForce", all);
        times.forEach((kind, millis) -> results.addTimes(kind.label(), millis));
        results.add("changesPerSecond", "1/s", all.size() / seconds);
        results.add(
                "processCores",
                "cores",
                (MachineFiles.processSeconds(after) - MachineFiles.processSeconds(before))
                        / seconds);
        results.add(
                "programsCores",
                "cores",
                (MachineFiles.childSeconds(after) - MachineFiles.childSeconds(before)) / seconds);
    }

    /** At random times, which is how independent changes come: sometimes several at once. */
    private void change(PolicyNode node, PolicyWorld world, int seconds) throws IOException {
        long begin = System.nanoTime();
        long end = begin + seconds * SECOND;
        Map<ChangeKind, Long> next = new EnumMap<>(ChangeKind.class);
        for (ChangeKind kind : ChangeKind.values()) {
            next.put(kind, begin + pause(kind));
        }
        while (true) {
            Map.Entry<ChangeKind, Long> first =
                    next.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow();
            long due = first.getValue();
            if (due - end >= 0) {
                break;
            }
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            node.submit(world.change(first.getKey()), due);
            first.setValue(due + pause(first.getKey()));
        }
        node.await();
    }

    private long pause(ChangeKind kind) {
        return (long) (-Math.log(1 - random.nextDouble()) / perSecond(kind) * SECOND);
    }

    /** Pods of this node change as often as its share of them would, but at least once a second. */
    private double perSecond(ChangeKind kind) {
        double local =
                Math.clamp(
                        (double) plan.podChanges() * plan.ownPods() / plan.pods(),
                        Math.min(1, plan.podChanges() / 2.0),
                        plan.podChanges());
        return switch (kind) {
            case LOCAL_RELABELLED -> local;
            case REMOTE_RELABELLED, REMOTE_REPLACED ->
                    Math.max(1e-3, (plan.podChanges() - local) / 2);
            case POLICY_CHANGED -> 1;
            case NAMESPACE_RELABELLED -> 0.2;
        };
    }
}
