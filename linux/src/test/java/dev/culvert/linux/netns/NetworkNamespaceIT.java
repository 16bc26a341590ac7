package dev.culvert.linux.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.Sysctl;
import dev.culvert.linux.testing.TestNamespaces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NetworkNamespaceIT {
    private TestNamespaces namespaces;

    @BeforeEach
    void checkPermission() {
        namespaces = TestNamespaces.assumePermitted();
    }

    @AfterEach
    void removeNamespaces() throws Exception {
        if (namespaces != null) {
            namespaces.close();
        }
    }

    @Test
    void runsBlockInsideAndStaysOutside() throws Exception {
        NetworkNamespace inside = namespaces.create();
        try (NetworkNamespace before = NetworkNamespace.current()) {
            long seen =
                    inside.call(
                            () -> {
                                try (NetworkNamespace own = NetworkNamespace.current()) {
                                    return own.inode();
                                }
                            });
            assertThat(seen).isEqualTo(inside.inode()).isNotEqualTo(before.inode());
            try (NetworkNamespace after = NetworkNamespace.current()) {
                assertThat(after).isEqualTo(before);
            }
        }
    }

    @Test
    void rethrowsWhatTheBlockThrew() throws Exception {
        NetworkNamespace inside = namespaces.create();
        IOException thrown = new IOException("from inside");
        assertThatThrownBy(
                        () ->
                                inside.call(
                                        () -> {
                                            throw thrown;
                                        }))
                .isSameAs(thrown);
    }

    @Test
    void threadLivesInside() throws Exception {
        NetworkNamespace inside = namespaces.create();
        CompletableFuture<Long> seen = new CompletableFuture<>();
        inside.newThread(
                        () -> {
                            try (NetworkNamespace own = NetworkNamespace.current()) {
                                seen.complete(own.inode());
                            } catch (LinuxException e) {
                                seen.completeExceptionally(e);
                            }
                        })
                .start();
        assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(inside.inode());
    }

    @Test
    void equalsTheSameNamespaceByAnotherPath() throws Exception {
        NetworkNamespace inside = namespaces.create();
        try (NetworkNamespace again = NetworkNamespace.open(inside.path())) {
            assertThat(again).isEqualTo(inside).hasSameHashCodeAs(inside);
            assertThat(again).isNotEqualTo(namespaces.create());
        }
    }

    @Test
    void refusesWhatIsNoNetworkNamespace() {
        for (String path : new String[] {"/proc/self/ns/mnt", "/dev/null"}) {
            assertThatExceptionOfType(LinuxException.class)
                    .isThrownBy(() -> NetworkNamespace.open(Path.of(path)))
                    .withMessageContaining(path + " (fd")
                    .withMessageContaining("is not a network namespace");
        }
    }

    @Test
    void sysctlsBelongToTheNamespace() throws Exception {
        NetworkNamespace first = namespaces.create();
        NetworkNamespace second = namespaces.create();
        first.call(
                () -> {
                    Sysctl.set("net/ipv4/conf/lo/forwarding", "1");
                    return true;
                });
        second.call(
                () -> {
                    Sysctl.set("net.ipv4.conf.lo.forwarding", "0");
                    return true;
                });
        assertThat(first.call(() -> Sysctl.get("net.ipv4.conf.lo.forwarding"))).isEqualTo("1");
        assertThat(second.call(() -> Sysctl.get("net/ipv4/conf/lo/forwarding"))).isEqualTo("0");
    }

    @Test
    void namesSysctlThatDoesNotExist() {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> Sysctl.get("net.ipv4.nothing"))
                .withMessageContaining("sysctl net.ipv4.nothing");
    }

    @Test
    void connectedNamespacesReachEachOther() throws Exception {
        NetworkNamespace first = namespaces.create();
        NetworkNamespace second = namespaces.create();
        namespaces.connect(first, "a0", second, "b0");
        namespaces.check(first, "ip", "addr", "add", "192.0.2.1/24", "dev", "a0");
        namespaces.check(second, "ip", "addr", "add", "192.0.2.2/24", "dev", "b0");
        assertThat(namespaces.check(first, "ping", "-c1", "-W5", "192.0.2.2"))
                .contains(" 0% packet loss");
    }
}
