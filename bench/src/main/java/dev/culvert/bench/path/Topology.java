package dev.culvert.bench.path;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Two nodes with a pod each, and every mode side by side between them, so that changing the mode is
 * changing a route. Nothing of it has a name outside, and nothing outlives the process.
 */
final class Topology implements AutoCloseable {
    private final Processes processes;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Mode, List<DataPath>> dataPaths = new EnumMap<>(Mode.class);

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
            start(mode, plan);
        }
    }

    private void start(Mode mode, Plan plan) throws IOException {
        if (mode == Mode.KERNEL) {
            client().createVxlan(server());
            server().createVxlan(client());
        } else if (mode.isCulvert()) {
            DataPath near = DataPath.start(mode, client(), server(), plan);
            dataPaths.put(mode, List.of(near, DataPath.start(mode, server(), client(), plan)));
        }
    }

    /** The node whose pod asks. */
    Node client() {
        return nodes.getFirst();
    }

    /** The node whose pod answers. */
    Node server() {
        return nodes.getLast();
    }

    /** The namespace of the pod that asks. */
    NetworkNamespace clientPod() {
        return client().pod();
    }

    /** Switches to this network between the nodes. */
    void use(Underlay underlay) throws IOException {
        for (Node node : nodes) {
            node.inNode(String.join(" ", underlay.command()));
        }
    }

    /** Switches to this mode. */
    void use(Mode mode) throws IOException {
        client().routeBy(mode, server());
        server().routeBy(mode, client());
    }

    /** Resident memory of the mode's larger process in MB; 0 where it has none. */
    double residentMegabytes(Mode mode) throws IOException {
        double most = 0;
        for (DataPath each : dataPaths.getOrDefault(mode, List.of())) {
            most = Math.max(most, each.residentMegabytes());
        }
        return most;
    }

    @Override
    public void close() {
        dataPaths.values().forEach(each -> each.forEach(DataPath::close));
        dataPaths.clear();
        processes.close();
        nodes.forEach(Node::close);
        nodes.clear();
    }
}
