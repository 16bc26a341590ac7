package dev.culvert.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * The nodes and the underlay that joins them: a bridge in a namespace of its own, with one veth to
 * each node. The main thread only.
 */
final class Topology {
    private final ChildProcesses children;
    private final NodeHolder underlay;
    private final List<NodeHolder> nodes = new ArrayList<>();

    private Topology(ChildProcesses children, NodeHolder underlay) {
        this.children = children;
        this.underlay = underlay;
    }

    static Topology build(int nodes, ChildProcesses children) throws DemoException {
        Topology topology = new Topology(children, NodeHolder.start("underlay", children));
        topology.underlay.script(
                """
                ip link add br0 type bridge stp_state 0 forward_delay 0
                ip address add %s/24 dev br0
                ip link set br0 up
                """
                        .formatted(Plan.API_ADDRESS));
        for (int node = 1; node <= nodes; node++) {
            topology.addNode(node);
        }
        return topology;
    }

    private void addNode(int number) throws DemoException {
        NodeHolder node = NodeHolder.start(Plan.nodeName(number), children);
        nodes.add(node);
        underlay.script(
                """
                ip link add u%1$d type veth peer name eth0 netns %2$d
                ip link set u%1$d master br0 up
                """
                        .formatted(number, node.pid()));
        node.script(
                """
                ip address add %s/24 dev eth0
                ip link set eth0 up
                ip route add default via %s
                """
                        .formatted(Plan.underlayAddress(number), Plan.API_ADDRESS));
    }

    NodeHolder underlay() {
        return underlay;
    }

    /** The node with this number; the first is 1. */
    NodeHolder node(int number) {
        return nodes.get(number - 1);
    }

    List<NodeHolder> nodes() {
        return List.copyOf(nodes);
    }
}
