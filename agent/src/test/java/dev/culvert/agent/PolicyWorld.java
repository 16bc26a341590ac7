package dev.culvert.agent;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyBuilder;
import java.util.List;
import java.util.Map;

/**
 * Objects of the namespace default that network policies speak of, at the API. One thread.
 *
 * @param api where they are kept
 */
record PolicyWorld(ApiServer api) {
    private static final String NAMESPACE = "default";

    void createNamespace() throws Exception {
        api.ask(
                client ->
                        client.namespaces()
                                .resource(
                                        new NamespaceBuilder()
                                                .withNewMetadata()
                                                .withName(NAMESPACE)
                                                .endMetadata()
                                                .build())
                                .createOr(existing -> existing.update()));
    }

    /** Its label app is its name. */
    void createPod(String name, String node, List<String> addresses) throws Exception {
        PodBuilder pod =
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName(name)
                        .withLabels(Map.of("app", name))
                        .endMetadata()
                        .withNewSpec()
                        .withNodeName(node)
                        .endSpec()
                        .withNewStatus()
                        .withPhase("Running")
                        .endStatus();
        for (String each : addresses) {
            pod.editStatus().addNewPodIP().withIp(each).endPodIP().endStatus();
        }
        api.ask(client -> client.pods().resource(pod.build()).create());
    }

    void label(String pod, String key, String value) throws Exception {
        api.ask(
                client ->
                        client.pods()
                                .inNamespace(NAMESPACE)
                                .withName(pod)
                                .edit(
                                        before ->
                                                new PodBuilder(before)
                                                        .editMetadata()
                                                        .addToLabels(key, value)
                                                        .endMetadata()
                                                        .build()));
    }

    void deletePod(String name) throws Exception {
        api.ask(client -> client.pods().inNamespace(NAMESPACE).withName(name).delete());
    }

    /** A policy {@code TO-from-FROM}: a pod takes UDP to a port from another. */
    void allow(String to, String from, int port) throws Exception {
        create(
                policy(to + "-from-" + from, to)
                        .editSpec()
                        .addNewIngress()
                        .addNewFrom()
                        .withNewPodSelector()
                        .withMatchLabels(Map.of("app", from))
                        .endPodSelector()
                        .endFrom()
                        .addNewPort()
                        .withProtocol("UDP")
                        .withPort(new IntOrString(port))
                        .endPort()
                        .endIngress()
                        .endSpec());
    }

    /** A policy {@code isolated-NAME} that allows a pod nothing. */
    void isolate(String name) throws Exception {
        create(policy("isolated-" + name, name));
    }

    /** A policy that allows the pods with a label app nothing. */
    static NetworkPolicyBuilder policy(String name, String app) {
        return new NetworkPolicyBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withNewPodSelector()
                .withMatchLabels(Map.of("app", app))
                .endPodSelector()
                .withPolicyTypes("Ingress")
                .endSpec();
    }

    void create(NetworkPolicyBuilder policy) throws Exception {
        api.ask(
                client ->
                        client.network().v1().networkPolicies().resource(policy.build()).create());
    }

    void deletePolicy(String name) throws Exception {
        api.ask(
                client ->
                        client.network()
                                .v1()
                                .networkPolicies()
                                .inNamespace(NAMESPACE)
                                .withName(name)
                                .delete());
    }
}
