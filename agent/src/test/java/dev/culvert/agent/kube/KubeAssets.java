package dev.culvert.agent.kube;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/**
 * A folder with etcd and kube-apiserver, as {@code KUBEBUILDER_ASSETS} names it, and the command
 * lines that make a short-lived cluster of them: certificates that kube-apiserver makes itself, one
 * token, everything in one folder. Immutable.
 */
public final class KubeAssets {
    /** The variable, which is envtest's. */
    public static final String VARIABLE = "KUBEBUILDER_ASSETS";

    /** What a client shows. */
    public static final String TOKEN = "culvert-short-lived";

    private final Path folder;

    private KubeAssets(Path folder) {
        this.folder = folder;
    }

    /**
     * Where the two listen and keep what they need.
     *
     * @param work a folder of their own, which exists
     * @param address the address that clients use
     * @param port the port that clients use, with TLS
     * @param etcdPort for kube-apiserver only, on loopback
     * @param etcdPeerPort likewise, for other members, of which there are none
     */
    public record Layout(Path work, String address, int port, int etcdPort, int etcdPeerPort) {
        Path tokens() {
            return work.resolve("tokens.csv");
        }

        Path key() {
            return work.resolve("service-account.pem");
        }
    }

    /**
     * Takes a folder that holds both.
     *
     * @throws IOException with a sentence when it does not
     */
    public static KubeAssets of(String folder) throws IOException {
        Path path = Path.of(folder);
        if (!Files.isDirectory(path)) {
            throw new IOException(
                    "%s is '%s', which is no folder: let it name one with etcd and kube-apiserver,"
                                    .formatted(VARIABLE, folder)
                            + " or unset it to use the mock server");
        }
        for (String name : List.of("etcd", "kube-apiserver")) {
            if (!Files.isExecutable(path.resolve(name))) {
                throw new IOException(
                        "%s is '%s', but there is no executable %s in it: put both etcd and"
                                        .formatted(VARIABLE, folder, name)
                                + " kube-apiserver there, or unset it to use the mock server");
            }
        }
        return new KubeAssets(path.toAbsolutePath());
    }

    /** The folder. */
    public Path folder() {
        return folder;
    }

    /** Starts the store. */
    public List<String> etcd(Layout layout) {
        String clients = "http://127.0.0.1:" + layout.etcdPort();
        String peers = "http://127.0.0.1:" + layout.etcdPeerPort();
        return List.of(
                folder.resolve("etcd").toString(),
                "--data-dir=" + layout.work().resolve("etcd"),
                "--listen-client-urls=" + clients,
                "--advertise-client-urls=" + clients,
                "--listen-peer-urls=" + peers,
                "--initial-advertise-peer-urls=" + peers,
                "--initial-cluster=default=" + peers);
    }

    /** Starts the server, which waits for the store itself. */
    public List<String> apiserver(Layout layout) {
        return List.of(
                folder.resolve("kube-apiserver").toString(),
                "--etcd-servers=http://127.0.0.1:" + layout.etcdPort(),
                "--bind-address=" + layout.address(),
                "--advertise-address=" + layout.address(),
                "--secure-port=" + layout.port(),
                "--cert-dir=" + layout.work().resolve("certificates"),
                "--token-auth-file=" + layout.tokens(),
                "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=" + layout.key(),
                "--service-account-signing-key-file=" + layout.key(),
                "--service-cluster-ip-range=10.96.0.0/16",
                "--disable-admission-plugins=ServiceAccount");
    }

    /** The content of the file of tokens: the one token may do everything. */
    public static String tokens() {
        return TOKEN + ",admin,admin,system:masters\n";
    }

    /** A new key for service accounts, which nobody uses, but without which no server starts. */
    public static String serviceAccountKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            byte[] key = generator.generateKeyPair().getPrivate().getEncoded();
            return "-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
                    + "\n-----END PRIVATE KEY-----\n";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has RSA", e);
        }
    }
}
