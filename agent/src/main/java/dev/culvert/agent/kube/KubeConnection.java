package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.ObjectMapper;

/** Makes the client of the Kubernetes API. Stateless. */
public final class KubeConnection {
    private static final Path SERVICE_ACCOUNT =
            Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");

    /** The JDK's, whose {@code NONE} is an empty one; the client reads it when it is built. */
    private static final String TRUST_STORE = "javax.net.ssl.trustStore";

    private KubeConnection() {}

    /**
     * A client; nothing is connected yet.
     *
     * @param kubeconfig the file to use, or null for the pod's own access
     * @param apiServer a URL that overrides the file's or the pod's, or empty
     * @throws IOException with a sentence when there is no such file, or no pod around us
     */
    public static KubernetesClient open(@Nullable Path kubeconfig, String apiServer)
            throws IOException {
        Config config = kubeconfig == null ? inCluster() : fromFile(kubeconfig);
        if (!apiServer.isEmpty()) {
            config.setMasterUrl(apiServer.endsWith("/") ? apiServer : apiServer + "/");
        }
        return client(config);
    }

    /** With what holds for every connection of the agent. */
    static KubernetesClient client(Config config) {
        // Retries are the watches' business, where they are logged once instead of per attempt.
        config.setRequestRetryBackoffLimit(0);
        config.setConnectionTimeout(5000);
        config.setRequestTimeout(15_000);
        KubernetesClientBuilder builder =
                new KubernetesClientBuilder()
                        .withConfig(config)
                        .withHttpClientFactory(new Http1())
                        // Otherwise it loads the classes of all kinds that the API has, to look
                        // one up.
                        .withKubernetesSerialization(
                                new KubernetesSerialization(new ObjectMapper(), false));
        return hasAuthority(config) ? trustingThatOnly(builder) : builder.build();
    }

    private static boolean hasAuthority(Config config) {
        return config.getCaCertFile() != null || config.getCaCertData() != null;
    }

    /**
     * The client would add the public authorities to the cluster's own: each of them could vouch
     * for another API, and to read them all takes time and memory at every start.
     */
    private static synchronized KubernetesClient trustingThatOnly(KubernetesClientBuilder builder) {
        String before = System.getProperty(TRUST_STORE);
        System.setProperty(TRUST_STORE, "NONE");
        try {
            return builder.build();
        } finally {
            if (before == null) {
                System.clearProperty(TRUST_STORE);
            } else {
                System.setProperty(TRUST_STORE, before);
            }
        }
    }

    private static Config fromFile(Path kubeconfig) throws IOException {
        if (!Files.isReadable(kubeconfig)) {
            throw new IOException(
                    "cannot read the kubeconfig %s: is the path right?".formatted(kubeconfig));
        }
        try {
            return Config.fromKubeconfig(kubeconfig.toFile());
        } catch (RuntimeException e) {
            // The client lets its YAML parser's own exceptions through, of several lines.
            String reason = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
            throw new IOException(
                    "the kubeconfig %s is not valid: %s".formatted(kubeconfig, reason), e);
        }
    }

    private static Config inCluster() throws IOException {
        if (!Files.isReadable(SERVICE_ACCOUNT)) {
            throw new IOException(
                    "not running in a pod, so --kubeconfig FILE is needed: there is no "
                            + SERVICE_ACCOUNT);
        }
        return Config.autoConfigure(null);
    }

    /**
     * HTTP/2 would send everything through one connection, and when that dies silently each new
     * attempt would go the same way. With HTTP/1.1 a new watch means a new connection.
     */
    private static final class Http1 extends JdkHttpClientFactory {
        @Override
        protected void additionalConfig(HttpClient.Builder builder) {
            builder.version(HttpClient.Version.HTTP_1_1);
        }
    }
}
