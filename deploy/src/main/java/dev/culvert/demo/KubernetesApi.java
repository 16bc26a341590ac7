package dev.culvert.demo;

import dev.culvert.agent.kube.KubeAssets;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Kubernetes API of the demo, in the underlay's namespace: a server in memory, or the real one
 * from the folder that {@code KUBEBUILDER_ASSETS} names. The main thread only.
 */
final class KubernetesApi {
    /** Nobody checks it, but whoever has one uses TLS. */
    private static final String TOKEN = "demo";

    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    private final HttpExchange client;
    private final ApiAccess access;
    private final String description;

    private KubernetesApi(HttpExchange client, ApiAccess access, String description) {
        this.client = client;
        this.access = access;
        this.description = description;
    }

    /** Starts a process that serves the API from memory, with a certificate of its own. */
    static KubernetesApi inMemory(NodeHolder underlay, ChildProcesses children, Plan plan)
            throws DemoException, InterruptedException {
        ApiKey key = ApiKey.make(plan.logs(), Plan.API_ADDRESS);
        List<String> command =
                List.of(
                        javaExecutable(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:-UsePerfData",
                        "-cp",
                        classPath(),
                        "dev.culvert.demo.api.ApiServerMain",
                        Plan.API_ADDRESS,
                        String.valueOf(Plan.API_PORT),
                        key.file().toString(),
                        ApiKey.PASSWORD);
        Path log = plan.logs().resolve("kubernetes-api.log");
        LoggedProcess server = LoggedProcess.start(underlay, children, log, command);
        KubernetesApi api =
                new KubernetesApi(
                        new HttpExchange(underlay.sockets(), server(), TOKEN),
                        new ApiAccess(Plan.API_ADDRESS, key.certificate(), TOKEN),
                        "fabric8's mock server, since %s names no real one"
                                .formatted(KubeAssets.VARIABLE));
        api.awaitReady("/api/v1/nodes", server);
        return api;
    }

    /** Starts etcd and kube-apiserver. */
    static KubernetesApi real(
            KubeAssets assets, NodeHolder underlay, ChildProcesses children, Plan plan)
            throws DemoException, InterruptedException {
        LoggedProcess server = KubeApiserver.start(assets, underlay, children, plan.logs());
        KubernetesApi api =
                new KubernetesApi(
                        new HttpExchange(underlay.sockets(), server(), KubeAssets.TOKEN),
                        new ApiAccess(Plan.API_ADDRESS, null, KubeAssets.TOKEN),
                        "kube-apiserver and etcd of " + assets.folder());
        api.awaitReady("/readyz", server);
        return api;
    }

    private static InetSocketAddress server() {
        return new InetSocketAddress(InetAddress.ofLiteral(Plan.API_ADDRESS), Plan.API_PORT);
    }

    /** This program's own, absolute, because the server starts in another folder. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The java that runs this. */
    static String javaExecutable() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private void awaitReady(String path, LoggedProcess server)
            throws DemoException, InterruptedException {
        boolean ready = Await.until(START_LIMIT, () -> !server.isAlive() || answers(path));
        if (!ready || !server.isAlive()) {
            throw new DemoException("the Kubernetes API does not start:\n" + server.tail());
        }
    }

    private boolean answers(String path) {
        try {
            return client.get(path).status() == 200;
        } catch (IOException _) {
            return false;
        }
    }

    String description() {
        return description;
    }

    /** What an agent has to know. */
    ApiAccess access() {
        return access;
    }

    /** Makes a Node with its pod range, as the kubelet and the controller manager would. */
    void createNode(int number) throws DemoException {
        create("/api/v1/nodes", nodeJson(number));
    }

    /** The object that it makes. */
    static String nodeJson(int number) {
        return """
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"%1$s"},
                 "spec":{"podCIDR":"%2$s","podCIDRs":["%2$s"]},
                 "status":{"addresses":[{"type":"InternalIP","address":"%3$s"},
                                        {"type":"Hostname","address":"%1$s"}]}}
                """
                .formatted(
                        Plan.nodeName(number), Plan.podCidr(number), Plan.underlayAddress(number));
    }

    void createPod(Pod pod) throws DemoException {
        create("/api/v1/namespaces/default/pods", pod.json());
    }

    private void create(String path, String json) throws DemoException {
        try {
            HttpExchange.Response response = client.post(path, json);
            if (response.status() / 100 != 2) {
                throw new DemoException(
                        "the Kubernetes API answered %d to POST %s: %s"
                                .formatted(response.status(), path, response.body()));
            }
        } catch (IOException e) {
            throw new DemoException("POST " + path + ": " + e.getMessage(), e);
        }
    }
}
