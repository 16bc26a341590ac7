package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom the agent takes for the Kubernetes API. */
class KubeTrustTest {
    private static final String TRUST_STORE = "javax.net.ssl.trustStore";
    private static final String TRUST_STORE_PASSWORD = "javax.net.ssl.trustStorePassword";
    private static final String PASSWORD = "changeit";
    private static final byte[] NODES =
            """
            {"apiVersion":"v1","kind":"NodeList","metadata":{},"items":[]}
            """
                    .getBytes(StandardCharsets.UTF_8);

    @TempDir private Path folder;
    private Path serversKey;
    private HttpServer server;

    @BeforeEach
    void serve() throws Exception {
        serversKey = makeKey("server");
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(load(serversKey), PASSWORD.toCharArray());
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), null, null);
        HttpsServer https =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(tls));
        https.createContext(
                "/api/v1/nodes",
                exchange -> {
                    exchange.getResponseHeaders().set("Content-Type", "application/json");
                    exchange.sendResponseHeaders(200, NODES.length);
                    exchange.getResponseBody().write(NODES);
                    exchange.close();
                });
        https.start();
        server = https;
    }

    @AfterEach
    void stop() {
        server.stop(0);
        System.clearProperty(TRUST_STORE);
        System.clearProperty(TRUST_STORE_PASSWORD);
    }

    @Test
    void believesTheAuthorityOfTheCluster() throws Exception {
        list(authority(serversKey));

        assertThat(System.getProperty(TRUST_STORE)).isNull();
    }

    @Test
    void believesNoPublicAuthorityBesides() throws Exception {
        makePublic(serversKey);
        String another = authority(makeKey("another"));

        assertThatThrownBy(() -> list(another))
                .isInstanceOf(KubernetesClientException.class)
                .hasStackTraceContaining("PKIX path");
        assertThat(System.getProperty(TRUST_STORE)).isEqualTo(serversKey.toString());
    }

    @Test
    void believesPublicAuthoritiesIfTheClusterHasNone() throws Exception {
        makePublic(serversKey);

        list(null);
    }

    /** As if it were among the authorities that come with the JDK. */
    private static void makePublic(Path key) {
        System.setProperty(TRUST_STORE, key.toString());
        System.setProperty(TRUST_STORE_PASSWORD, PASSWORD);
    }

    private void list(@Nullable String authority) {
        Config config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl("https://127.0.0.1:" + server.getAddress().getPort())
                        .withCaCertData(authority)
                        .build();
        try (KubernetesClient client = KubeConnection.client(config)) {
            assertThat(client.nodes().list().getItems()).isEmpty();
        }
    }

    private static String authority(Path key) throws IOException, GeneralSecurityException {
        String pem =
                "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                        .formatted(
                                Base64.getMimeEncoder()
                                        .encodeToString(
                                                load(key).getCertificate("key").getEncoded()));
        return Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
    }

    /** With a certificate that vouches for itself, which is an authority, too, where it is kept. */
    private Path makeKey(String name) throws IOException, InterruptedException {
        Path file = folder.resolve(name + ".p12");
        Process keytool =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                                .toString(),
                                        "-genkeypair",
                                        "-alias",
                                        "key",
                                        "-keyalg",
                                        "EC",
                                        "-dname",
                                        "CN=" + name,
                                        "-ext",
                                        "san=ip:127.0.0.1",
                                        "-storetype",
                                        "PKCS12",
                                        "-keystore",
                                        file.toString(),
                                        "-storepass",
                                        PASSWORD))
                        .inheritIO()
                        .start();
        assertThat(keytool.waitFor()).isZero();
        return file;
    }

    private static KeyStore load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }
}
