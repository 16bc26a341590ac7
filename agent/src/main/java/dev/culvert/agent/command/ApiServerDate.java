package dev.culvert.agent.command;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The date that the Kubernetes API server puts on an answer, whatever that says: no access is
 * needed. Immutable.
 *
 * @param setting {@code kubeApiServer}, or empty for what pods are told
 * @param environment with {@code KUBERNETES_SERVICE_HOST}
 * @param root where the file system with the pod's certificates is
 */
record ApiServerDate(String setting, Map<String, String> environment, Path root) {
    private static final String AUTHORITY = "var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The header, or an empty text if no server is known. */
    String date() throws IOException, InterruptedException {
        String url = url();
        if (url.isEmpty()) {
            return "";
        }
        HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(PATIENCE);
        Path authority = root.resolve(AUTHORITY);
        if (Files.isReadable(authority)) {
            builder.sslContext(trust(authority));
        }
        try (HttpClient client = builder.build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(url + "/version")).timeout(PATIENCE).build();
            return client.send(request, HttpResponse.BodyHandlers.discarding())
                    .headers()
                    .firstValue("Date")
                    .orElseThrow(() -> new IOException("it puts no date on its answers"));
        }
    }

    private String url() {
        if (!setting.isEmpty()) {
            return setting;
        }
        String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
        String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
        return host.isEmpty()
                ? ""
                : "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private static SSLContext trust(Path authority) throws IOException {
        try (InputStream in = Files.newInputStream(authority)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority" + number++, each);
            }
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("%s is unusable: %s".formatted(authority, e.getMessage()), e);
        }
    }
}
