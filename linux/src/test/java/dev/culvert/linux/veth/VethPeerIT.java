package dev.culvert.linux.veth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.testing.TestNamespaces;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VethPeerIT {
    private final TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun();
    private NetworkNamespace node;
    private NetworkNamespace pod;

    @BeforeEach
    void connect() throws Exception {
        node = namespaces.create();
        pod = namespaces.create();
        namespaces.connect(node, "host0", pod, "eth0");
    }

    @AfterEach
    void removeNamespaces() {
        namespaces.close();
    }

    @Test
    void opensTheNamespaceOfTheOtherEndAndLeavesNothingBehind() throws Exception {
        for (int i = 0; i < 2; i++) {
            try (NetworkNamespace found = node.call(() -> VethPeer.openNamespace("host0"))) {
                assertThat(found).isEqualTo(pod);
            }
        }
        for (NetworkNamespace each : new NetworkNamespace[] {node, pod}) {
            try (KernelRtnetlink rtnetlink = each.call(KernelRtnetlink::open)) {
                assertThat(rtnetlink.links()).extracting(Link::kind).doesNotContain("tun");
            }
        }
    }

    @Test
    void tellsEndsOfTwoPodsApart() throws Exception {
        NetworkNamespace other = namespaces.create();
        namespaces.connect(node, "host1", other, "eth0");
        try (NetworkNamespace found = node.call(() -> VethPeer.openNamespace("host1"))) {
            assertThat(found).isEqualTo(other).isNotEqualTo(pod);
        }
    }

    @Test
    void saysThatThereIsNoSuchPair() throws Exception {
        refused("nothing");
        refused("lo");
        namespaces.check(node, "ip", "link", "add", "a0", "type", "veth", "peer", "name", "a1");
        refused("a0");
        try (KernelRtnetlink rtnetlink = node.call(KernelRtnetlink::open)) {
            assertThat(rtnetlink.links()).extracting(Link::kind).doesNotContain("tun");
        }
    }

    private void refused(String name) {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> node.call(() -> VethPeer.openNamespace(name)))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }
}
