package dev.culvert.agent;

import static org.awaitility.Awaitility.await;

import dev.culvert.agent.kube.NodeStatusDispatcher;
import dev.culvert.linux.netns.NetworkNamespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A mock of the Kubernetes API that listens inside a namespace, on its loopback or where it is
 * told. Its threads, and those of the clients, are started from inside, and so stay there. One
 * thread.
 */
final class ApiServer implements AutoCloseable {
    static final int PORT = 8080;
    static final String URL = "http://127.0.0.1:" + PORT + "/";
    static final String ANNOTATION = "culvert.dev/vtep";

    private final NetworkNamespace namespace;
    private final KubernetesMockServer server;
    private final String url;

    private ApiServer(NetworkNamespace namespace, KubernetesMockServer server, String url) {
        this.namespace = namespace;
        this.server = server;
        this.url = url;
    }

    static ApiServer start(NetworkNamespace namespace) throws Exception {
        return start(namespace, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    /** One that other namespaces reach too. */
    static ApiServer start(NetworkNamespace namespace, InetAddress address) throws Exception {
        String text = address.getHostAddress();
        String host = text.contains(":") ? "[" + text + "]" : text;
        return new ApiServer(
                namespace,
                namespace.call(() -> listen(address, PORT, new NodeStatusDispatcher())),
                "http://" + host + ":" + PORT + "/");
    }

    /** One that has these nodes from its first answer on. */
    static ApiServer startWith(NetworkNamespace namespace, List<NodeBuilder> nodes)
            throws Exception {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        NodeStatusDispatcher objects = new NodeStatusDispatcher();
        // They are created where no agent asks.
        KubernetesMockServer hidden = namespace.call(() -> listen(loopback, 0, objects));
        try (ApiServer filled =
                new ApiServer(namespace, hidden, "http://127.0.0.1:" + hidden.getPort() + "/")) {
            for (NodeBuilder each : nodes) {
                filled.create(each);
            }
            return new ApiServer(
                    namespace, namespace.call(() -> listen(loopback, PORT, objects)), URL);
        }
    }

    private static KubernetesMockServer listen(
            InetAddress address, int port, NodeStatusDispatcher objects) {
        KubernetesMockServer server =
                new KubernetesMockServer(
                        new Context(), new MockWebServer(), new HashMap<>(), objects, false);
        server.init(address, port);
        return server;
    }

    /** Where it is reached. */
    String url() {
        return url;
    }

    /** A Node with one InternalIP, and no pod ranges yet; the server says when it was created. */
    static NodeBuilder node(String name, String internalIp) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addNewAddress(internalIp, "InternalIP")
                .endStatus();
    }

    void create(NodeBuilder node) throws Exception {
        ask(client -> client.nodes().resource(node.build()).create());
    }

    /** Changes a node, again when the agent wrote its annotation just then. */
    void edit(String name, Consumer<NodeBuilder> change) {
        await().until(() -> ask(client -> isEdited(client, name, change)));
    }

    private static boolean isEdited(
            KubernetesClient client, String name, Consumer<NodeBuilder> change) {
        UnaryOperator<Node> edit =
                node -> {
                    NodeBuilder builder = new NodeBuilder(node);
                    change.accept(builder);
                    return builder.build();
                };
        try {
            client.nodes().withName(name).edit(edit);
            return true;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                return false;
            }
            throw e;
        }
    }

    void setPodCidr(String name, String cidr) {
        edit(name, node -> node.editSpec().withPodCIDR(cidr).withPodCIDRs(cidr).endSpec());
    }

    void setInternalIp(String name, String ip) {
        edit(
                name,
                node ->
                        node.editStatus()
                                .withAddresses()
                                .addNewAddress(ip, "InternalIP")
                                .endStatus());
    }

    void annotate(String name, String text) {
        edit(name, node -> node.editMetadata().addToAnnotations(ANNOTATION, text).endMetadata());
    }

    void delete(String name) throws Exception {
        ask(client -> client.nodes().withName(name).delete());
    }

    /** The id that the server gave the node. */
    String uid(String name) throws Exception {
        return ask(client -> client.nodes().withName(name).get()).getMetadata().getUid();
    }

    /** What the node's annotation says, or an empty text. */
    String annotation(String name) throws Exception {
        Node node = ask(client -> client.nodes().withName(name).get());
        return node.getMetadata().getAnnotations().getOrDefault(ANNOTATION, "");
    }

    /** The node as it is now. */
    Node get(String name) throws Exception {
        return ask(client -> client.nodes().withName(name).get());
    }

    /** Reason and text of every Event about a node. */
    List<String> events(String name) throws Exception {
        return ask(
                client ->
                        client.events().v1().events().inAnyNamespace().list().getItems().stream()
                                .filter(each -> each.getRegarding().getName().equals(name))
                                .map(each -> each.getReason() + ": " + each.getNote())
                                .toList());
    }

    /** Asks or changes anything. */
    <T> T ask(Function<KubernetesClient, T> request) throws Exception {
        return namespace.call(
                () -> {
                    try (KubernetesClient client = connect()) {
                        return request.apply(client);
                    }
                });
    }

    private KubernetesClient connect() {
        Config config = Config.empty();
        config.setMasterUrl(url);
        config.setRequestRetryBackoffLimit(0);
        config.setRequestTimeout(60_000); // a loaded machine needs long for the first request
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    @Override
    public void close() {
        server.destroy();
    }
}
