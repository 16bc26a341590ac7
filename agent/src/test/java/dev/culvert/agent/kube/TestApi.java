package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The API that the API's tests run against: kube-apiserver and etcd where {@code
 * KUBEBUILDER_ASSETS} names a folder with both, else the mock server. Says which. One thread.
 */
final class TestApi implements AutoCloseable {
    private final boolean real;
    private final int port;
    private final KubernetesClient client;
    private final Runnable ending;

    private TestApi(boolean real, int port, KubernetesClient client, Runnable ending) {
        this.real = real;
        this.port = port;
        this.client = client;
        this.ending = ending;
    }

    /**
     * Starts it.
     *
     * @param work an empty folder
     */
    static TestApi start(Path work) throws IOException {
        return start(System.getenv().getOrDefault(KubeAssets.VARIABLE, ""), work);
    }

    private static TestApi start(String folder, Path work) throws IOException {
        if (folder.isEmpty()) {
            System.out.println(
                    "  API tests: against the mock server, since "
                            + KubeAssets.VARIABLE
                            + " names no folder with kube-apiserver and etcd");
            MockApi mock = MockApi.serve(0);
            return new TestApi(false, mock.port(), mock.client(), mock::close);
        }
        KubeAssets assets = KubeAssets.of(folder);
        System.out.println("  API tests: against kube-apiserver and etcd of " + assets.folder());
        RealApi server = RealApi.start(assets, work);
        return new TestApi(true, server.port(), RealApi.connect(server.port()), server::close);
    }

    int port() {
        return port;
    }

    KubernetesClient client() {
        return client;
    }

    /** The agent's client, of the server or of what stands before it on this port. */
    KubernetesClient connect(int to) {
        return real ? RealApi.connect(to) : MockApi.connect(to);
    }

    @Override
    public void close() {
        client.close();
        ending.run();
    }
}
