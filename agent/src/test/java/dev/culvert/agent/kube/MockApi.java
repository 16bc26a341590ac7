package dev.culvert.agent.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.InetAddress;
import java.util.HashMap;

/** The mock server on loopback, with a client that is used to change its objects. One thread. */
final class MockApi implements AutoCloseable {
    private final KubernetesMockServer server;
    private final KubernetesClient client;

    private MockApi(KubernetesMockServer server, KubernetesClient client) {
        this.server = server;
        this.client = client;
    }

    /**
     * Serves an empty API.
     *
     * @param port 0 for one of the kernel's choice
     */
    static MockApi serve(int port) {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(),
                        new MockWebServer(),
                        new HashMap<>(),
                        new NodeStatusDispatcher(),
                        false);
        server.init(InetAddress.getLoopbackAddress(), port);
        return new MockApi(server, connect(server.getPort()));
    }

    /** The agent's client, of whatever listens on this port of loopback. */
    static KubernetesClient connect(int port) {
        Config config = Config.empty();
        config.setMasterUrl("http://127.0.0.1:" + port + "/");
        return KubeConnection.client(config);
    }

    int port() {
        return server.getPort();
    }

    /** Talks to the mock server itself. */
    KubernetesClient client() {
        return client;
    }

    void createNode(String name, String podCidr) {
        client.nodes().resource(node(name, podCidr)).create();
    }

    static Node node(String name, String podCidr) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs(podCidr)
                .endSpec()
                .withNewStatus()
                .addNewAddress("192.0.2.1", "InternalIP")
                .endStatus()
                .build();
    }

    void setPodCidr(String name, String podCidr) {
        client.nodes()
                .withName(name)
                .edit(
                        node ->
                                new NodeBuilder(node)
                                        .editSpec()
                                        .withPodCIDRs(podCidr)
                                        .endSpec()
                                        .build());
    }

    void deleteNode(String name) {
        client.nodes().withName(name).delete();
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
