package dev.culvert.agent.kube;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.OwnNode;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/** Turns all Node objects into events. The sink is called on the client's threads. */
public final class NodeWatch implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(NodeWatch.class);

    private final ResourceWatch<Node, NodeInfo> watch;

    /** Understands Culvert's own annotations only; nothing happens before {@link #start}. */
    public NodeWatch(KubernetesClient client, Consumer<ClusterEvent> sink) {
        this(client, "", NodeAnnotations.culvert(), sink);
    }

    /**
     * Nothing happens before {@link #start}.
     *
     * @param nodeName this node, of whose object more is told
     * @param annotations how nodes tell of their tunnel endpoints
     */
    public NodeWatch(
            KubernetesClient client,
            String nodeName,
            NodeAnnotations annotations,
            Consumer<ClusterEvent> sink) {
        this.watch =
                new ResourceWatch<>(
                        "nodes",
                        client.getMasterUrl(),
                        client.nodes(),
                        new NodeMapping(nodeName, annotations, sink));
    }

    /** Begins to watch, and keeps trying for as long as it takes. */
    public void start() {
        watch.start();
    }

    /** Why the nodes are not known, a sentence; empty while they are. */
    public String problem() {
        return watch.problem();
    }

    @Override
    public void close() {
        watch.close();
    }

    /** What we use of a Node. */
    private static final class NodeMapping implements ResourceWatch.Mapping<Node, NodeInfo> {
        private final String nodeName;
        private final NodeAnnotations annotations;
        private final Consumer<ClusterEvent> sink;
        private final Map<String, String> refused = new ConcurrentHashMap<>();

        NodeMapping(String nodeName, NodeAnnotations annotations, Consumer<ClusterEvent> sink) {
            this.nodeName = nodeName;
            this.annotations = annotations;
            this.sink = sink;
        }

        @Override
        public String key(Node node) {
            return node.getMetadata().getName();
        }

        /**
         * The first listing is told from the store, so this keeps all that {@link #value} reads.
         */
        @Override
        public Node cutDown(Node node) {
            ObjectMeta meta = node.getMetadata();
            return new NodeBuilder()
                    .withNewMetadata()
                    .withName(meta.getName())
                    .withUid(meta.getUid())
                    .withResourceVersion(meta.getResourceVersion())
                    .withCreationTimestamp(meta.getCreationTimestamp())
                    .withAnnotations(annotations.relevant(meta.getAnnotations()))
                    .endMetadata()
                    .withNewSpec()
                    .withPodCIDRs(podCidrs(node.getSpec()))
                    .endSpec()
                    .withNewStatus()
                    .withAddresses(internalAddresses(node.getStatus()))
                    .withConditions(networkConditions(node))
                    .endStatus()
                    .build();
        }

        /** Of this node only: there are many, and they change with each heartbeat. */
        private List<NodeCondition> networkConditions(Node node) {
            NodeStatus status = node.getStatus();
            boolean own = node.getMetadata().getName().equals(nodeName);
            if (!own || status == null || status.getConditions() == null) {
                return List.of();
            }
            return status.getConditions().stream()
                    .filter(each -> NetworkCondition.TYPE.equals(each.getType()))
                    .map(
                            each ->
                                    new NodeConditionBuilder()
                                            .withType(each.getType())
                                            .withStatus(each.getStatus())
                                            .withReason(each.getReason())
                                            .build())
                    .toList();
        }

        private static List<NodeAddress> internalAddresses(@Nullable NodeStatus status) {
            if (status == null || status.getAddresses() == null) {
                return List.of();
            }
            return status.getAddresses().stream()
                    .filter(address -> "InternalIP".equals(address.getType()))
                    .toList();
        }

        @Override
        public NodeInfo value(Node node) {
            ObjectMeta meta = node.getMetadata();
            return new NodeInfo(
                    meta.getName(),
                    Objects.requireNonNullElse(meta.getUid(), ""),
                    Objects.requireNonNullElse(meta.getCreationTimestamp(), ""),
                    internalIps(node.getStatus()),
                    podCidrs(node.getSpec()),
                    vtep(meta),
                    meta.getName().equals(nodeName) ? own(node) : null);
        }

        private OwnNode own(Node node) {
            return new OwnNode(
                    annotations.relevant(node.getMetadata().getAnnotations()),
                    networkConditions(node).stream()
                            .map(each -> each.getStatus() + " " + each.getReason())
                            .findFirst()
                            .orElse(""));
        }

        private static List<InetAddress> internalIps(@Nullable NodeStatus status) {
            List<InetAddress> ips = new ArrayList<>();
            for (NodeAddress address : internalAddresses(status)) {
                try {
                    ips.add(IpAddresses.parse(address.getAddress()));
                } catch (IllegalArgumentException e) {
                    LOG.warn("an InternalIP of a node is left out: {}", e.getMessage());
                }
            }
            return ips;
        }

        private static List<String> podCidrs(@Nullable NodeSpec spec) {
            if (spec == null) {
                return List.of();
            }
            if (spec.getPodCIDRs() != null && !spec.getPodCIDRs().isEmpty()) {
                return spec.getPodCIDRs();
            }
            return spec.getPodCIDR() == null || spec.getPodCIDR().isEmpty()
                    ? List.of()
                    : List.of(spec.getPodCIDR());
        }

        private @Nullable VtepAnnouncement vtep(ObjectMeta meta) {
            try {
                return annotations.read(annotations.relevant(meta.getAnnotations()));
            } catch (IllegalArgumentException e) {
                String reason = String.valueOf(e.getMessage());
                if (!reason.equals(refused.put(meta.getName(), reason))) {
                    LOG.warn("node left out node={}: {}", meta.getName(), reason);
                }
                return null;
            }
        }

        @Override
        public void changed(NodeInfo node) {
            sink.accept(new ClusterEvent.NodeChanged(node));
        }

        @Override
        public void removed(String name) {
            refused.remove(name);
            sink.accept(new ClusterEvent.NodeRemoved(name));
        }

        @Override
        public void listed() {
            sink.accept(new ClusterEvent.NodesListed());
        }
    }
}
