package dev.culvert.agent.state;

/** Something that changed in the cluster. Of two events with the same key only the later counts. */
public sealed interface ClusterEvent
        permits ClusterEvent.NodeChanged,
                ClusterEvent.NodeRemoved,
                ClusterEvent.PodChanged,
                ClusterEvent.PodRemoved,
                ClusterEvent.NodesListed,
                ClusterEvent.PodsListed,
                PolicyEvent {

    /** What it is about. */
    String key();

    /** A node is there, new or changed. */
    record NodeChanged(NodeInfo node) implements ClusterEvent {
        @Override
        public String key() {
            return "node/" + node.name();
        }
    }

    /** A node is gone. */
    record NodeRemoved(String name) implements ClusterEvent {
        @Override
        public String key() {
            return "node/" + name;
        }
    }

    /** A pod of this node is there, new or changed. */
    record PodChanged(PodInfo pod) implements ClusterEvent {
        @Override
        public String key() {
            return "pod/" + pod.key();
        }
    }

    /** A pod of this node is gone. */
    record PodRemoved(String podKey) implements ClusterEvent {
        @Override
        public String key() {
            return "pod/" + podKey;
        }
    }

    /** All nodes that there are have been told. */
    record NodesListed() implements ClusterEvent {
        @Override
        public String key() {
            return "nodes-listed";
        }
    }

    /** All pods of this node that there are have been told. */
    record PodsListed() implements ClusterEvent {
        @Override
        public String key() {
            return "pods-listed";
        }
    }
}
