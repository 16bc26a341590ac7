package dev.culvert.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How an agent reaches the Kubernetes API: as a process of the node by a kubeconfig, or as a pod by
 * what the kubelet puts into each container. Immutable.
 *
 * @param address where the API listens, with {@link Plan#API_PORT}
 * @param certificate whom to trust, as PEM, or null for whoever answers
 * @param token the client's
 */
record ApiAccess(String address, @Nullable String certificate, String token) {
    /** Where a container has the files of its service account. */
    static final String SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

    /** The content of a kubeconfig. */
    String kubeconfig() {
        return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: demo
          cluster:
            server: https://%s:%d
            %s
        users:
        - name: demo
          user:
            token: "%s"
        contexts:
        - name: demo
          context: {cluster: demo, user: demo}
        current-context: demo
        """
                .formatted(address, Plan.API_PORT, trust(), token);
    }

    private String trust() {
        return certificate == null
                ? "insecure-skip-tls-verify: true"
                : "certificate-authority-data: "
                        + Base64.getEncoder()
                                .encodeToString(certificate.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Writes the files of a service account, if there is a certificate for them.
     *
     * @param folder shall be at {@link #SERVICE_ACCOUNT} in the container
     * @return false if nothing was written
     */
    boolean writeServiceAccount(Path folder) throws IOException {
        if (certificate == null) {
            return false;
        }
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("ca.crt"), certificate);
        Files.writeString(folder.resolve("token"), token);
        Files.writeString(folder.resolve("namespace"), "kube-system");
        return true;
    }

    /** The variables that go with those files. */
    Map<String, String> environment() {
        return Map.of(
                "KUBERNETES_SERVICE_HOST",
                address,
                "KUBERNETES_SERVICE_PORT",
                String.valueOf(Plan.API_PORT));
    }
}
