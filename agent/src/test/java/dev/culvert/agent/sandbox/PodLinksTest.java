package dev.culvert.agent.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.VethSpec;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PodLinksTest {
    private static final String HOST = Attachment.hostVeth("web", "eth0");
    private static final int GSO = 60_000;

    private final InMemoryRtnetlink node = InMemoryRtnetlink.node();
    private final InMemoryRtnetlink pod = node.pod();
    private final InMemorySandboxes inside = new InMemorySandboxes(node);
    private final AtomicInteger entered = new AtomicInteger();
    private final PodLinks pods = new PodLinks(node, new Door(true));
    private final Descriptor nowhere = Descriptor.own(Integer.MAX_VALUE, "nothing");

    /** Lets in or not. */
    private final class Door implements Sandboxes {
        private final boolean open;

        Door(boolean open) {
            this.open = open;
        }

        @Override
        public <T> T call(NetworkNamespace namespace, Work<T> work) throws IOException {
            return inside.call(namespace, work);
        }

        @Override
        public <T> T callPeerOf(String hostVeth, Work<T> work) throws IOException {
            if (!open) {
                throw new IOException("out of reach");
            }
            entered.incrementAndGet();
            return inside.callPeerOf(hostVeth, work);
        }

        @Override
        public boolean isNode(NetworkNamespace namespace) {
            return false;
        }
    }

    @BeforeEach
    void attachAPod() throws IOException {
        node.createVeth(
                new VethSpec(
                        HOST,
                        MacAddress.ofName("host"),
                        "",
                        "eth0",
                        MacAddress.ofName("pod"),
                        nowhere,
                        1450));
        Link eth0 = pod.link("eth0").orElseThrow();
        pod.changeLink(eth0.index(), LinkChange.NONE.withUp(true));
        pod.ensureRoute(
                Route.to(Cidr.parse("0.0.0.0/0"), eth0.index())
                        .via(IpAddresses.parse("10.244.1.1"))
                        .withMtu(1450));
        up(true);
    }

    @AfterEach
    void letGo() {
        nowhere.release();
    }

    private void up(boolean value) throws IOException {
        Link host = node.link(HOST).orElseThrow();
        node.changeLink(host.index(), LinkChange.NONE.withUp(value));
    }

    @Test
    void bothEndsAndTheRoutesFollowDownAndUp() throws IOException {
        for (int mtu : new int[] {1350, 1450, 8950}) {
            assertThat(pods.resize(mtu, GSO).changed()).isEqualTo(1);
            assertMtu(mtu, mtu);
            assertThat(pods.resize(mtu, GSO)).extracting(PodLinks.Resized::changed).isEqualTo(0);
        }
    }

    @Test
    void entersAPodOnlyWhenItDiffersAndOnceAfterAStart() throws IOException {
        assertThat(pods.resize(1450, GSO)).extracting(PodLinks.Resized::changed).isEqualTo(0);
        assertThat(entered).hasValue(1);
        pods.resize(1450, GSO);
        assertThat(entered).hasValue(1);
        pods.resize(1350, GSO);
        assertThat(entered).hasValue(2);
    }

    @Test
    void finishesWhatAKilledAgentLeftHalfDone() throws IOException {
        Link host = node.link(HOST).orElseThrow();
        node.changeLink(host.index(), LinkChange.NONE.withMtu(1350));
        assertThat(pods.resize(1350, GSO).changed()).isEqualTo(1);
        assertMtu(1350, 1350);
    }

    @Test
    void leavesAlonePodsThatAreBeingAttached() throws IOException {
        up(false);
        assertThat(pods.resize(1350, GSO)).extracting(PodLinks.Resized::changed).isEqualTo(0);
        assertMtu(1450, 1450);
        up(true);
        assertThat(pods.resize(1350, GSO).changed()).isEqualTo(1);
    }

    @Test
    void changesTheNodesEndWhereThePodIsOutOfReach() throws IOException {
        assertThat(new PodLinks(node, new Door(false)).resize(1350, GSO).changed()).isEqualTo(1);
        assertMtu(1350, 1450);
    }

    @Test
    void leavesOtherLinksAndRoutesAlone() throws IOException {
        Link eth0 = pod.link("eth0").orElseThrow();
        Route foreign =
                new Route(
                        Cidr.parse("192.0.2.0/24"),
                        eth0.index(),
                        null,
                        null,
                        1200,
                        Route.PROTOCOL_STATIC,
                        Route.MAIN_TABLE,
                        0,
                        false);
        pod.ensureRoute(foreign);
        pods.resize(1350, GSO);
        assertThat(pod.routes()).contains(foreign);
    }

    private void assertMtu(int host, int inPod) throws IOException {
        assertThat(node.link(HOST).orElseThrow().mtu()).isEqualTo(host);
        assertThat(pod.link("eth0").orElseThrow().mtu()).isEqualTo(inPod);
        assertThat(pod.routes()).extracting(Route::mtu).containsExactly(inPod);
    }
}
