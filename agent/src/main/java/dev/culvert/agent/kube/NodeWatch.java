package dev.culvert.agent.kube;

import dev.culvert.agent.kube.JsonFields.Report;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.OwnNode;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Turns all Node objects into events. The sink is called on a thread of the watch's own. */
public final class NodeWatch implements AutoCloseable {
    private final ResourceWatch<NodeInfo> watch;

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
            MeterRegistry metrics,
            Consumer<ClusterEvent> sink) {
        this(client, nodeName, annotations, metrics, sink, WatchTiming.DEFAULT);
    }

    /** Of Culvert's own annotations only, and of no node in particular. */
    NodeWatch(
            KubernetesClient client,
            MeterRegistry metrics,
            Consumer<ClusterEvent> sink,
            WatchTiming timing) {
        this(client, "", NodeAnnotations.culvert(), metrics, sink, timing);
    }

    private NodeWatch(
            KubernetesClient client,
            String nodeName,
            NodeAnnotations annotations,
            MeterRegistry metrics,
            Consumer<ClusterEvent> sink,
            WatchTiming timing) {
        this.watch =
                new ResourceWatch<>(
                        "nodes",
                        client.getMasterUrl(),
                        new ResourceApi(client, "api/v1/nodes", "", timing.answerWithin()),
                        new NodeMapping(nodeName, annotations, sink),
                        timing,
                        metrics);
    }

    /**
     * Takes nodes for known before the start: the first list is told as the difference to them.
     * Nothing is told of these themselves.
     */
    public void remember(List<NodeInfo> nodes) {
        nodes.forEach(node -> watch.remember(node.name(), node));
    }

    /** Begins to watch, and keeps trying for as long as it takes. */
    public void start() {
        watch.start();
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return watch.hasEnded();
    }

    /** Whether all nodes have been listed since the start. */
    public boolean isListed() {
        return watch.isListed();
    }

    /** Why the API cannot be used, a sentence; empty while it can. */
    public String problem() {
        return watch.problem();
    }

    WatchMeters meters() {
        return watch.meters();
    }

    @Override
    public void close() {
        watch.close();
    }

    /** What we use of a Node. */
    record NodeMapping(String nodeName, NodeAnnotations known, Consumer<ClusterEvent> sink)
            implements ResourceWatch.Mapping<NodeInfo> {
        /** The age of a node that does not tell it: it must not take ranges from others. */
        private static final String YOUNGEST = "9999-12-31T23:59:59Z";

        @Override
        public String key(JsonNode node) {
            return JsonFields.name(node, "name");
        }

        @Override
        public NodeInfo value(JsonNode node, Oddities oddities) {
            String name = key(node);
            Report report = what -> oddities.report("node " + name, what);
            JsonNode meta = node.path("metadata");
            return new NodeInfo(
                    name,
                    JsonFields.text(meta.path("uid")),
                    created(meta.path("creationTimestamp"), report),
                    internalIps(node.path("status").path("addresses"), report),
                    podCidrs(node.path("spec"), report),
                    vtep(annotations(meta), report),
                    name.equals(nodeName) ? own(node, report) : null);
        }

        private OwnNode own(JsonNode node, Report report) {
            return new OwnNode(
                    annotations(node.path("metadata")),
                    networkCondition(node.path("status").path("conditions"), report));
        }

        private static String networkCondition(JsonNode conditions, Report report) {
            for (JsonNode each : JsonFields.items(conditions, "status.conditions", report)) {
                if (JsonFields.text(each.path("type")).equals(NetworkCondition.TYPE)) {
                    return JsonFields.text(each.path("status"))
                            + " "
                            + JsonFields.text(each.path("reason"));
                }
            }
            return "";
        }

        private Map<String, String> annotations(JsonNode meta) {
            Map<String, String> texts = new HashMap<>();
            meta.path("annotations")
                    .properties()
                    .forEach(each -> texts.put(each.getKey(), JsonFields.text(each.getValue())));
            return known.relevant(texts);
        }

        private static String created(JsonNode value, Report report) {
            String text = JsonFields.text(value);
            try {
                // In one form, since ages are compared as texts.
                return Instant.parse(text).toString();
            } catch (DateTimeParseException _) {
                report.absurd(
                        "metadata.creationTimestamp is %s, so it counts as the youngest"
                                .formatted(Oddities.quote(text)));
                return YOUNGEST;
            }
        }

        private static List<InetAddress> internalIps(JsonNode addresses, Report report) {
            List<InetAddress> ips = new ArrayList<>();
            for (JsonNode address : JsonFields.items(addresses, "status.addresses", report)) {
                if (JsonFields.text(address.path("type")).equals("InternalIP")) {
                    addIp(ips, JsonFields.text(address.path("address")), report);
                }
            }
            return ips;
        }

        private static void addIp(List<InetAddress> ips, String text, Report report) {
            try {
                ips.add(IpAddresses.parse(text));
            } catch (IllegalArgumentException _) {
                report.absurd("the InternalIP %s is no IP address".formatted(Oddities.quote(text)));
            }
        }

        /** As written, but for what is no text at all: what is no range is judged later. */
        private static List<String> podCidrs(JsonNode spec, Report report) {
            List<String> several = JsonFields.texts(spec.path("podCIDRs"), "spec.podCIDRs", report);
            String one = JsonFields.text(spec.path("podCIDR"));
            return several.isEmpty() && !one.isEmpty() ? List.of(one) : several;
        }

        private @Nullable VtepAnnouncement vtep(Map<String, String> annotations, Report report) {
            try {
                VtepAnnouncement vtep = known.read(annotations);
                if (vtep != null) {
                    requireUnicast(vtep.address());
                }
                return vtep;
            } catch (IllegalArgumentException e) {
                report.absurd("no peer, since " + e.getMessage());
                return null;
            }
        }

        private static void requireUnicast(InetAddress address) {
            if (address.isAnyLocalAddress()
                    || address.isMulticastAddress()
                    || address.isLoopbackAddress()) {
                throw new IllegalArgumentException(
                        "no other node can be reached at " + address.getHostAddress());
            }
        }

        @Override
        public void changed(NodeInfo node) {
            sink.accept(new ClusterEvent.NodeChanged(node));
        }

        @Override
        public void removed(String name) {
            sink.accept(new ClusterEvent.NodeRemoved(name));
        }

        @Override
        public void listed() {
            sink.accept(new ClusterEvent.NodesListed());
        }
    }
}
