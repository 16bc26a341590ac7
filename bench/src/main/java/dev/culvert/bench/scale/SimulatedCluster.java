package dev.culvert.bench.scale;

import dev.culvert.bench.scale.api.ResourceStore;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Nodes and pods, and what happens to them: always the same, in the same order. One thread.
 *
 * <p>Node N has the N-th /24 of {@link #POD_RANGE}. Every address of the underlay is used once, so
 * that a packet tells of which state of a node its sender knows.
 */
final class SimulatedCluster {
    static final String OWN_NAME = "node-00000.example.com";
    static final Cidr POD_RANGE = Cidr.parse("10.64.0.0/10");
    static final Cidr UNDERLAY_RANGE = Cidr.parse("172.16.0.0/12");
    static final InetAddress OWN_ADDRESS = IpAddresses.parse("172.16.0.2");
    private static final long FIRST_ADDRESS = 256;

    private final AtomicLong revision = new AtomicLong(1000);
    private final ResourceStore nodes = new ResourceStore("nodes", "Node", revision);
    private final ResourceStore pods = new ResourceStore("pods", "Pod", revision);

    /** There is none, but agents must be told so before they attach pods. */
    private final ResourceStore policies =
            new ResourceStore("networkpolicies", "NetworkPolicy", revision);

    private final Random random = new Random(4);
    private final Deque<SimulatedNode> others = new ArrayDeque<>();
    private final Deque<Integer> freeIndexes = new ArrayDeque<>();
    private final List<SimulatedPod> allPods = new ArrayList<>();
    private final List<SimulatedPod> ownPods = new ArrayList<>();
    private long nextAddress = FIRST_ADDRESS;
    private int nextName;

    /**
     * Fills it.
     *
     * @param nodeCount with the node of the agent
     * @param podCount with those of that node
     * @param ownPodCount on that node
     */
    SimulatedCluster(int nodeCount, int podCount, int ownPodCount) {
        Cidr range = Cidr.containing(POD_RANGE.network(), 24);
        nodes.put(new SimulatedNode(0, OWN_NAME, range, OWN_ADDRESS, false, 0).object());
        for (nextName = 1; nextName < nodeCount; nextName++) {
            SimulatedNode node = create(nextName, nextName);
            others.add(node);
            nodes.put(node.object());
        }
        fillPods(podCount, ownPodCount);
    }

    private void fillPods(int podCount, int ownPodCount) {
        List<SimulatedNode> hosts = List.copyOf(others);
        for (int i = 0; i < podCount; i++) {
            boolean own = i < ownPodCount || hosts.isEmpty();
            SimulatedNode host = own ? null : hosts.get(i % hosts.size());
            Cidr range = host == null ? Cidr.containing(POD_RANGE.network(), 24) : host.podCidr();
            SimulatedPod pod =
                    new SimulatedPod(
                            i,
                            host == null ? OWN_NAME : host.name(),
                            range.address(2 + i % 250).getHostAddress(),
                            0);
            allPods.add(pod);
            pods.put(pod.object());
            if (own) {
                ownPods.add(pod);
            }
        }
    }

    private SimulatedNode create(int index, int name) {
        return new SimulatedNode(
                index,
                "node-%05d.example.com".formatted(name),
                new Cidr(POD_RANGE.address(index * 256L), 24),
                UNDERLAY_RANGE.address(nextAddress++),
                true,
                0);
    }

    List<ResourceStore> stores() {
        return List.of(nodes, policies, pods);
    }

    /** The pods of the agent's node. */
    List<SimulatedPod> ownPods() {
        return List.copyOf(ownPods);
    }

    /** How many nodes there are, the agent's included. */
    int nodeCount() {
        return others.size() + 1;
    }

    /** Of so many nodes, first and last among them, where their packets shall go. */
    List<Expectation> expectations(int count) {
        List<SimulatedNode> all = List.copyOf(others);
        List<Expectation> some = new ArrayList<>();
        for (int i = 0; i < Math.min(count, all.size()); i++) {
            int at = (int) ((all.size() - 1L) * i / Math.max(1, Math.min(count, all.size()) - 1));
            SimulatedNode node = all.get(at);
            some.add(new Expectation(node.pod(), node.address(), 0));
        }
        return some;
    }

    /**
     * Changes a node: half the time it only reports, as kubelets do, else it gets another address,
     * goes for good, or is a new one.
     *
     * @return what must be the case then, or null when nothing can be seen of it
     */
    @Nullable Expectation changeNode() {
        int kind = random.nextInt(10);
        if (kind == 9) {
            return add();
        }
        SimulatedNode node = others.remove();
        if (kind == 8) {
            freeIndexes.add(node.index());
            nodes.remove(node.name());
            return null;
        }
        SimulatedNode changed =
                kind < 5 ? node.reported() : node.movedTo(UNDERLAY_RANGE.address(nextAddress++));
        others.add(changed);
        return kind < 5 ? put(changed, false) : put(changed, true);
    }

    private @Nullable Expectation add() {
        int index = freeIndexes.isEmpty() ? nextName : freeIndexes.remove();
        SimulatedNode node = create(index, nextName++);
        others.add(node);
        return put(node, true);
    }

    private @Nullable Expectation put(SimulatedNode node, boolean visible) {
        long now = System.nanoTime();
        nodes.put(node.object());
        return visible ? new Expectation(node.pod(), node.address(), now) : null;
    }

    /** Writes the status of a pod, somewhere. */
    void changePod() {
        int at = random.nextInt(allPods.size());
        SimulatedPod changed = allPods.get(at).reported();
        allPods.set(at, changed);
        pods.put(changed.object());
    }
}
