package dev.culvert.agent.kube;

import dev.culvert.agent.kube.JsonFields.Report;
import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.PodInfo;
import dev.culvert.net.IpAddresses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Turns the Pod objects of one node into events. The sink is called on the watch's own thread. */
public final class PodWatch implements AutoCloseable {
    private final ResourceWatch<PodInfo> watch;

    /** Nothing happens before {@link #start}. */
    public PodWatch(
            KubernetesClient client,
            String nodeName,
            MeterRegistry metrics,
            Consumer<ClusterEvent> sink) {
        this(client, nodeName, metrics, sink, WatchTiming.DEFAULT);
    }

    PodWatch(
            KubernetesClient client,
            String nodeName,
            MeterRegistry metrics,
            Consumer<ClusterEvent> sink,
            WatchTiming timing) {
        this.watch =
                new ResourceWatch<>(
                        "pods",
                        client.getMasterUrl(),
                        new ResourceApi(
                                client,
                                "api/v1/pods",
                                "spec.nodeName=" + nodeName,
                                timing.answerWithin()),
                        new PodMapping(sink),
                        timing,
                        metrics);
    }

    /** Begins to watch, and keeps trying for as long as it takes. */
    public void start() {
        watch.start();
    }

    /** Whether its thread ran and runs no more. */
    public boolean hasEnded() {
        return watch.hasEnded();
    }

    /** Whether all pods of the node have been listed since the start. */
    public boolean isListed() {
        return watch.isListed();
    }

    WatchMeters meters() {
        return watch.meters();
    }

    @Override
    public void close() {
        watch.close();
    }

    /** What we use of a Pod. */
    record PodMapping(Consumer<ClusterEvent> sink) implements ResourceWatch.Mapping<PodInfo> {
        @Override
        public String key(JsonNode pod) {
            return JsonFields.key(pod);
        }

        @Override
        public PodInfo value(JsonNode pod, Oddities oddities) {
            String key = key(pod);
            return new PodInfo(
                    JsonFields.name(pod, "namespace"),
                    JsonFields.name(pod, "name"),
                    JsonFields.text(pod.path("metadata").path("uid")),
                    addresses(
                            pod.path("status").path("podIPs"),
                            what -> oddities.report("pod " + key, what)));
        }

        private static List<InetAddress> addresses(JsonNode podIps, Report report) {
            List<InetAddress> addresses = new ArrayList<>();
            for (JsonNode each : JsonFields.items(podIps, "status.podIPs", report)) {
                String text = JsonFields.text(each.path("ip"));
                try {
                    addresses.add(IpAddresses.parse(text));
                } catch (IllegalArgumentException _) {
                    report.absurd("the pod IP %s is no IP address".formatted(Oddities.quote(text)));
                }
            }
            return addresses;
        }

        @Override
        public void changed(PodInfo pod) {
            sink.accept(new ClusterEvent.PodChanged(pod));
        }

        @Override
        public void removed(String key) {
            sink.accept(new ClusterEvent.PodRemoved(key));
        }

        @Override
        public void listed() {
            sink.accept(new ClusterEvent.PodsListed());
        }
    }
}
