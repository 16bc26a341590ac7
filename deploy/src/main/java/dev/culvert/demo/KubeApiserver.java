package dev.culvert.demo;

import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/**
 * The command lines of etcd and kube-apiserver for one short-lived cluster: certificates that
 * kube-apiserver makes itself, one token, everything in the underlay's own /run. Stateless.
 */
final class KubeApiserver {
    static final String TOKEN = "culvert-demo";
    private static final String FOLDER = "/run/demo";
    private static final String ETCD = "http://127.0.0.1:2379";
    private static final String ETCD_PEER = "http://127.0.0.1:2380";

    private KubeApiserver() {}

    /** Starts both; kube-apiserver itself waits for etcd. */
    static LoggedProcess start(Path assets, NodeHolder underlay, ChildProcesses children, Path logs)
            throws DemoException {
        underlay.write(FOLDER + "/tokens.csv", TOKEN + ",demo,demo,system:masters\n");
        underlay.write(FOLDER + "/service-account.pem", privateKey());
        LoggedProcess.start(underlay, children, logs.resolve("etcd.log"), etcd(assets));
        Path log = logs.resolve("kubernetes-api.log");
        return LoggedProcess.start(underlay, children, log, apiserver(assets));
    }

    private static List<String> etcd(Path assets) {
        return List.of(
                assets.resolve("etcd").toString(),
                "--data-dir=" + FOLDER + "/etcd",
                "--listen-client-urls=" + ETCD,
                "--advertise-client-urls=" + ETCD,
                "--listen-peer-urls=" + ETCD_PEER,
                "--initial-advertise-peer-urls=" + ETCD_PEER,
                "--initial-cluster=default=" + ETCD_PEER);
    }

    private static List<String> apiserver(Path assets) {
        return List.of(
                assets.resolve("kube-apiserver").toString(),
                "--etcd-servers=" + ETCD,
                "--bind-address=" + Plan.API_ADDRESS,
                "--advertise-address=" + Plan.API_ADDRESS,
                "--secure-port=" + Plan.API_PORT,
                "--cert-dir=" + FOLDER + "/certificates",
                "--token-auth-file=" + FOLDER + "/tokens.csv",
                "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=" + FOLDER + "/service-account.pem",
                "--service-account-signing-key-file=" + FOLDER + "/service-account.pem",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--disable-admission-plugins=ServiceAccount");
    }

    private static String privateKey() {
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
