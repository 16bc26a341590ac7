package dev.culvert.agent.kube;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.PodInfo;
import dev.culvert.net.IpAddresses;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Turns the Pod objects of one node into events. The sink is called on the client's threads. */
public final class PodWatch implements AutoCloseable {
    private final ResourceWatch<Pod, PodInfo> watch;

    /** Nothing happens before {@link #start}. */
    public PodWatch(KubernetesClient client, String nodeName, Consumer<ClusterEvent> sink) {
        this.watch =
                new ResourceWatch<>(
                        "pods",
                        client.getMasterUrl(),
                        client.pods().inAnyNamespace().withField("spec.nodeName", nodeName),
                        new PodMapping(sink));
    }

    /** Begins to watch, and keeps trying for as long as it takes. */
    public void start() {
        watch.start();
    }

    @Override
    public void close() {
        watch.close();
    }

    /** What we use of a Pod. */
    private record PodMapping(Consumer<ClusterEvent> sink)
            implements ResourceWatch.Mapping<Pod, PodInfo> {

        @Override
        public String key(Pod pod) {
            return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
        }

        /**
         * The first listing is told from the store, so this keeps all that {@link #value} reads.
         */
        @Override
        public Pod cutDown(Pod pod) {
            ObjectMeta meta = pod.getMetadata();
            return new PodBuilder()
                    .withNewMetadata()
                    .withNamespace(meta.getNamespace())
                    .withName(meta.getName())
                    .withUid(meta.getUid())
                    .withResourceVersion(meta.getResourceVersion())
                    .endMetadata()
                    .withNewStatus()
                    .withPodIPs(podIps(pod.getStatus()))
                    .endStatus()
                    .build();
        }

        @Override
        public PodInfo value(Pod pod) {
            ObjectMeta meta = pod.getMetadata();
            return new PodInfo(
                    meta.getNamespace(),
                    meta.getName(),
                    Objects.requireNonNullElse(meta.getUid(), ""),
                    addresses(pod.getStatus()));
        }

        private static List<InetAddress> addresses(@Nullable PodStatus status) {
            return podIps(status).stream().map(PodIP::getIp).map(IpAddresses::parse).toList();
        }

        private static List<PodIP> podIps(@Nullable PodStatus status) {
            return status == null || status.getPodIPs() == null ? List.of() : status.getPodIPs();
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
