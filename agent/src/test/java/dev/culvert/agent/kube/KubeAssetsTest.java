package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KubeAssetsTest {
    @TempDir private Path folder;

    @Test
    void takesAFolderWithBothAndRefusesOthers() throws IOException {
        assertThatThrownBy(() -> KubeAssets.of(folder.resolve("missing").toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing', which is no folder")
                .hasMessageContaining("unset it");
        refused("etcd");
        script("etcd", "exit 0");
        refused("kube-apiserver");
        Files.writeString(folder.resolve("kube-apiserver"), "not executable");
        refused("kube-apiserver");
        script("kube-apiserver", "exit 0");
        assertThat(KubeAssets.of(folder.toString()).folder()).isEqualTo(folder);
    }

    private void refused(String what) {
        assertThatThrownBy(() -> KubeAssets.of(folder.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no executable " + what + " in it");
    }

    @Test
    void buildsTheCommandLines() throws IOException {
        script("etcd", "exit 0");
        script("kube-apiserver", "exit 0");
        KubeAssets assets = KubeAssets.of(folder.toString());
        KubeAssets.Layout layout =
                new KubeAssets.Layout(Path.of("/w"), "192.0.2.1", 6443, 2379, 2380);
        assertThat(assets.etcd(layout))
                .startsWith(folder.resolve("etcd").toString(), "--data-dir=/w/etcd")
                .contains("--listen-client-urls=http://127.0.0.1:2379")
                .contains("--listen-peer-urls=http://127.0.0.1:2380");
        assertThat(assets.apiserver(layout))
                .startsWith(
                        folder.resolve("kube-apiserver").toString(),
                        "--etcd-servers=http://127.0.0.1:2379")
                .contains("--secure-port=6443", "--bind-address=192.0.2.1")
                .contains("--token-auth-file=/w/tokens.csv", "--cert-dir=/w/certificates")
                .contains("--service-account-signing-key-file=/w/service-account.pem");
        assertThat(KubeAssets.tokens()).startsWith(KubeAssets.TOKEN + ",").contains("masters");
        assertThat(KubeAssets.serviceAccountKey()).startsWith("-----BEGIN PRIVATE KEY-----\n");
    }

    @Test
    void showsTheLogOfAServerThatDoesNotStart() throws IOException {
        script("etcd", "echo store: no space left; exit 1");
        script("kube-apiserver", "exec cat /proc/self/fd/0");
        Path work = Files.createDirectory(folder.resolve("work"));
        assertThatThrownBy(() -> RealApi.start(KubeAssets.of(folder.toString()), work))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not become ready")
                .hasMessageContaining("etcd: store: no space left");
    }

    private void script(String name, String body) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
