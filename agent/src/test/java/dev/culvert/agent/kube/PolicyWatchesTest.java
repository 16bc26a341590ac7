package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.policy.LabelSelector;
import dev.culvert.agent.policy.PolicyNamespace;
import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PolicyWatchesTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final MockApi api = MockApi.serve(0);
    private final KubernetesClient client = api.client();
    private final Queue<PolicyEvent> events = new ConcurrentLinkedQueue<>();
    private final PolicyWatches watches =
            new PolicyWatches(client, new SimpleMeterRegistry(), events::add);

    @BeforeEach
    void listNothing() {
        client.namespaces().resource(namespace("shop", Map.of("team", "a"))).create();
        client.pods().resource(pod("web")).create();
        watches.start();
        awaitEvent(PolicyEvent.PoliciesListed.class::isInstance);
    }

    @AfterEach
    void close() {
        watches.close();
        api.close();
    }

    @Test
    void asksForPodsAndNamespacesOnlyWhileThereIsAPolicy() {
        assertThat(events).containsExactly(new PolicyEvent.PoliciesListed());
        create(policy("first"));
        awaitEvent(new PolicyEvent.PeersListed()::equals);
        awaitEvent(new PolicyEvent.NamespacesListed()::equals);
        assertThat(events)
                .contains(
                        new PolicyEvent.NamespaceChanged(
                                new PolicyNamespace("shop", Map.of("team", "a"))));
        create(policy("second"));
        awaitEvent(event -> isPolicy(event, "shop/second"));
        delete("first");
        awaitEvent(new PolicyEvent.PolicyRemoved("shop/first")::equals);
        delete("second");
        awaitEvent(new PolicyEvent.PeersForgotten()::equals);
        assertThat(events.stream().filter(PolicyEvent.PeersForgotten.class::isInstance)).hasSize(1);
        events.clear();
        client.pods().resource(pod("later")).create();
        create(policy("third"));
        awaitEvent(new PolicyEvent.PeersListed()::equals);
        assertThat(events).anyMatch(event -> isPod(event, "shop/later"));
        assertThat(watches.hasEnded()).isFalse();
    }

    private String uid(String name) {
        return client.pods().inNamespace("shop").withName(name).get().getMetadata().getUid();
    }

    @Test
    void tellsOfPodsWhatPoliciesUse() {
        create(policy("any"));
        awaitEvent(event -> isPod(event, "shop/web"));
        assertThat(events)
                .contains(
                        new PolicyEvent.PeerChanged(
                                new PolicyPod(
                                        "shop",
                                        "web",
                                        PolicyPod.digest(uid("web")),
                                        Map.of("app", "web"),
                                        List.of(
                                                IpAddresses.parse("10.244.1.2"),
                                                IpAddresses.parse("fd00::2")),
                                        List.of(
                                                new PolicyPod.NamedPort("http", Protocol.TCP, 8080),
                                                new PolicyPod.NamedPort("dns", Protocol.UDP, 53),
                                                new PolicyPod.NamedPort(
                                                        "beside", Protocol.TCP, 9090)),
                                        false,
                                        false)));
        client.pods()
                .inNamespace("shop")
                .withName("web")
                .edit(
                        pod ->
                                new PodBuilder(pod)
                                        .editMetadata()
                                        .addToLabels("app", "other")
                                        .addToAnnotations("kubernetes.io/config.mirror", "file")
                                        .endMetadata()
                                        .editSpec()
                                        .withHostNetwork(true)
                                        .endSpec()
                                        .editStatus()
                                        .withPhase("Failed")
                                        .endStatus()
                                        .build());
        awaitEvent(
                event ->
                        event instanceof PolicyEvent.PeerChanged(PolicyPod pod)
                                && pod.labels().equals(Map.of("app", "other"))
                                && pod.uid() == PolicyPod.digest("file")
                                && pod.hostNetwork()
                                && pod.finished());
        client.pods().inNamespace("shop").withName("web").delete();
        awaitEvent(new PolicyEvent.PeerRemoved("shop/web")::equals);
    }

    @Test
    void tellsOfPoliciesThatCannotBeUnderstood() {
        NetworkPolicy odd =
                new NetworkPolicyBuilder(policy("odd"))
                        .editSpec()
                        .withNewPodSelector()
                        .addNewMatchExpression()
                        .withKey("app")
                        .withOperator("Resembles")
                        .withValues("web")
                        .endMatchExpression()
                        .endPodSelector()
                        .endSpec()
                        .build();
        create(odd);
        awaitEvent(
                event ->
                        event instanceof PolicyEvent.PolicyChanged(var policy)
                                && policy.problem().contains("Resembles")
                                && policy.spec().pods().equals(LabelSelector.ALL));
    }

    private static Namespace namespace(String name, Map<String, String> labels) {
        return new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .build();
    }

    private static NetworkPolicy policy(String name) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .endPodSelector()
                .withPolicyTypes("Ingress")
                .endSpec()
                .build();
    }

    private static Pod pod(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName(name)
                .withLabels(Map.of("app", name))
                .endMetadata()
                .withNewSpec()
                .addNewInitContainer()
                .withName("before")
                .addNewPort()
                .withName("early")
                .withContainerPort(1)
                .endPort()
                .endInitContainer()
                .addNewInitContainer()
                .withName("beside")
                .withRestartPolicy("Always")
                .addNewPort()
                .withName("beside")
                .withContainerPort(9090)
                .endPort()
                .endInitContainer()
                .addNewContainer()
                .withName("main")
                .addNewPort()
                .withName("http")
                .withContainerPort(8080)
                .endPort()
                .addNewPort()
                .withName("dns")
                .withProtocol("UDP")
                .withContainerPort(53)
                .endPort()
                .addNewPort()
                .withContainerPort(81)
                .endPort()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .addNewPodIP()
                .withIp("10.244.1.2")
                .endPodIP()
                .addNewPodIP()
                .withIp("fd00::2")
                .endPodIP()
                .endStatus()
                .build();
    }

    private void create(NetworkPolicy policy) {
        client.network().v1().networkPolicies().resource(policy).create();
    }

    private void delete(String name) {
        client.network().v1().networkPolicies().inNamespace("shop").withName(name).delete();
    }

    private static boolean isPolicy(PolicyEvent event, String key) {
        return event instanceof PolicyEvent.PolicyChanged(var policy) && policy.key().equals(key);
    }

    private static boolean isPod(PolicyEvent event, String key) {
        return event instanceof PolicyEvent.PeerChanged(var pod) && pod.key().equals(key);
    }

    private void awaitEvent(Predicate<PolicyEvent> wanted) {
        await().atMost(LONG).until(() -> events.stream().anyMatch(wanted));
    }
}
