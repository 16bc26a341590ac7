package dev.culvert.bench.path;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Two nodes with a pod each, and every mode side by side between them, so that changing the mode is
 * changing a route. Nothing of it has a name outside, and nothing outlives the process. One thread.
 */
final class Topology implements AutoCloseable {
    private final Processes processes;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Mode, List<? extends Tunnel>> tunnels = new EnumMap<>(Mode.class);
    private Mode current = Mode.ROUTING;

    /** Prepares it; the processes stay the caller's. */
    Topology(Processes processes) {
        this.processes = processes;
    }

    /** Makes the nodes and starts what the modes of the plan need. */
    void start(Plan plan) throws IOException {
        nodes.add(Node.create(1, processes));
        nodes.add(Node.create(2, processes));
        client().join(server());
        for (Mode mode : plan.modes()) {
            tunnels.put(mode, start(mode, plan));
            tunnels().forEach(tunnel -> report(mode, tunnel));
        }
    }

    private List<? extends Tunnel> start(Mode mode, Plan plan) throws IOException {
        current = mode;
        return switch (mode) {
            case CULVERT, CULVERT_PLAIN -> {
                DataPath near = DataPath.start(mode, client(), server(), plan);
                yield List.of(near, DataPath.start(mode, server(), client(), plan));
            }
            case KERNEL -> {
                client().createVxlan(server());
                server().createVxlan(client());
                yield List.of();
            }
            case ROUTING -> List.of();
            case OPENVPN -> {
                OpenVpn near = OpenVpn.start(client(), server());
                yield List.of(near, OpenVpn.start(server(), client()));
            }
            case WIREGUARD_GO -> startWireGuard();
        };
    }

    private List<WireGuard> startWireGuard() throws IOException {
        WireGuard near = WireGuard.start(client());
        WireGuard far = WireGuard.start(server());
        String nearKey = near.createKey();
        near.connect(server(), far.createKey());
        far.connect(client(), nearKey);
        return List.of(near, far);
    }

    /** For those who want to look into a process with another tool. */
    private static void report(Mode mode, Tunnel tunnel) {
        System.err.printf("Process %d runs %s%n", tunnel.process().pid(), mode.label());
    }

    /** The node whose pod asks. */
    Node client() {
        return nodes.getFirst();
    }

    /** The node whose pod answers. */
    Node server() {
        return nodes.getLast();
    }

    /** Switches to this network between the nodes. */
    void use(Underlay underlay) throws IOException {
        for (Node node : nodes) {
            node.inNode(String.join(" ", underlay.command()));
        }
    }

    /** Switches to this mode. */
    void use(Mode mode) throws IOException {
        current = mode;
        client().routeBy(mode, server());
        server().routeBy(mode, client());
    }

    /** The processes that carry the packets of the mode it is in, the asking node's first. */
    List<? extends Tunnel> tunnels() {
        return tunnels.getOrDefault(current, List.of());
    }

    /** Whether it was ended from outside. */
    boolean isClosed() {
        return processes.isClosed();
    }

    @Override
    public void close() {
        tunnels.values().forEach(each -> each.forEach(Tunnel::close));
        tunnels.clear();
        processes.close();
        nodes.forEach(Node::close);
        nodes.clear();
    }
}
