package dev.culvert.agent.kube;

import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyParser;
import dev.culvert.agent.state.PolicyEvent;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Turns NetworkPolicies into events, and, only while there is one, all Pods and Namespaces of the
 * cluster. The sink is called on threads of the watches' own.
 */
public final class PolicyWatches implements AutoCloseable {
    private static final String POLICIES = "networkpolicies";
    private static final String PODS = "clusterpods";
    private static final String NAMESPACES = "namespaces";

    private final KubernetesClient client;
    private final WatchTiming timing;
    private final Consumer<PolicyEvent> sink;
    private final WatchMeters podMeters;
    private final WatchMeters namespaceMeters;
    private final ResourceWatch<NetworkPolicyInfo> policies;

    /** Those that there are; the policies' thread's. */
    private final Set<String> present = new HashSet<>();

    private volatile List<ResourceWatch<?>> peers = List.of();
    private boolean closed;

    /** Nothing happens before {@link #start}. */
    public PolicyWatches(
            KubernetesClient client, MeterRegistry metrics, Consumer<PolicyEvent> sink) {
        this(client, metrics, sink, WatchTiming.DEFAULT);
    }

    PolicyWatches(
            KubernetesClient client,
            MeterRegistry metrics,
            Consumer<PolicyEvent> sink,
            WatchTiming timing) {
        this.client = client;
        this.timing = timing;
        this.sink = sink;
        this.podMeters = new WatchMeters(metrics, PODS);
        this.namespaceMeters = new WatchMeters(metrics, NAMESPACES);
        this.policies =
                watch(
                        POLICIES,
                        "apis/networking.k8s.io/v1/networkpolicies",
                        new PolicyMapping(),
                        new WatchMeters(metrics, POLICIES));
        podMeters.rest();
        namespaceMeters.rest();
    }

    private <V> ResourceWatch<V> watch(
            String kind, String path, ResourceWatch.Mapping<V> mapping, WatchMeters meters) {
        return new ResourceWatch<>(
                kind,
                client.getMasterUrl(),
                new ResourceApi(client, path, "", timing.answerWithin()),
                mapping,
                timing,
                meters);
    }

    /** Begins to watch, and keeps trying for as long as it takes. */
    public void start() {
        policies.start();
    }

    /** Whether a thread of it ran and runs no more, though it should. */
    public boolean hasEnded() {
        return all().anyMatch(ResourceWatch::hasEnded);
    }

    /** Why the API cannot be used, a sentence; empty while it can. */
    public String problem() {
        return all().map(ResourceWatch::problem)
                .filter(problem -> !problem.isEmpty())
                .findFirst()
                .orElse("");
    }

    private Stream<ResourceWatch<?>> all() {
        return Stream.concat(Stream.of(policies), peers.stream());
    }

    private synchronized void startPeers() {
        if (closed) {
            return;
        }
        podMeters.heard();
        namespaceMeters.heard();
        List<ResourceWatch<?>> started =
                List.of(
                        watch(
                                NAMESPACES,
                                "api/v1/namespaces",
                                new NamespaceMapping(sink),
                                namespaceMeters),
                        watch(PODS, "api/v1/pods", new PeerMapping(sink), podMeters));
        started.forEach(ResourceWatch::start);
        peers = started;
    }

    private synchronized void endPeers() {
        List<ResourceWatch<?>> ended = peers;
        peers = List.of();
        ended.forEach(ResourceWatch::close);
        podMeters.rest();
        namespaceMeters.rest();
    }

    @Override
    public void close() {
        policies.close();
        synchronized (this) {
            closed = true;
            endPeers();
        }
    }

    /** What we use of a NetworkPolicy. */
    private final class PolicyMapping implements ResourceWatch.Mapping<NetworkPolicyInfo> {
        @Override
        public String key(JsonNode policy) {
            return JsonFields.key(policy);
        }

        /** What is wrong with one is told to those who wrote it, not counted as absurd. */
        @Override
        public NetworkPolicyInfo value(JsonNode policy, Oddities oddities) {
            return PolicyParser.parse(policy);
        }

        @Override
        public void changed(NetworkPolicyInfo policy) {
            boolean first = present.isEmpty();
            present.add(policy.key());
            sink.accept(new PolicyEvent.PolicyChanged(policy));
            if (first) {
                startPeers();
            }
        }

        @Override
        public void removed(String key) {
            present.remove(key);
            sink.accept(new PolicyEvent.PolicyRemoved(key));
            if (present.isEmpty()) {
                endPeers();
                sink.accept(new PolicyEvent.PeersForgotten());
            }
        }

        @Override
        public void listed() {
            sink.accept(new PolicyEvent.PoliciesListed());
        }
    }

    /** What policies use of a Namespace. */
    record NamespaceMapping(Consumer<PolicyEvent> sink)
            implements ResourceWatch.Mapping<PolicyNamespace> {
        @Override
        public String key(JsonNode namespace) {
            return JsonFields.name(namespace, "name");
        }

        @Override
        public PolicyNamespace value(JsonNode namespace, Oddities oddities) {
            return new PolicyNamespace(key(namespace), JsonFields.labels(namespace));
        }

        @Override
        public void changed(PolicyNamespace namespace) {
            sink.accept(new PolicyEvent.NamespaceChanged(namespace));
        }

        @Override
        public void removed(String key) {
            sink.accept(new PolicyEvent.NamespaceRemoved(key));
        }

        @Override
        public void listed() {
            sink.accept(new PolicyEvent.NamespacesListed());
        }
    }
}
