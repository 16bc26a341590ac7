package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.cni.CniCaller.Outcome;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Link;
import dev.culvert.net.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What runtimes may want of an attachment, with the real kernel. */
final class CniCapabilitiesIT {
    private static final int PORT = 5001;
    private static final int BYTES = 2_000_000;
    private static final long BYTES_A_SECOND = 1_000_000;

    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");

    @TempDir Path run;

    private CniNode node;

    @BeforeEach
    void start() throws Exception {
        node = new CniNode(run).withRanges(RANGE, RANGE6);
        node.start();
    }

    @AfterEach
    void close() {
        if (node != null) {
            node.close();
        }
    }

    private static ObjectNode wishing(String runtimeConfig) {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        configuration.set("runtimeConfig", InMemoryNode.parse(runtimeConfig));
        return configuration;
    }

    @Test
    void givesThePodWhatIsWanted() throws Exception {
        NetworkNamespace pod = node.pod();
        Outcome added =
                node.runtime()
                        .add(
                                "web",
                                pod,
                                wishing(
                                        """
                                {"mac":"02:00:00:00:00:0a","ips":["10.244.1.77/24"],
                                 "dns":{"servers":["10.96.0.10"],"searches":["svc"]},
                                 "io.kubernetes.cri.pod-annotations":{"app":"web"}}
                                """));
        added.assertSuccess();
        JsonNode result = added.json();
        assertThat(result.path("ips").path(0).path("address").asString())
                .isEqualTo("10.244.1.77/24");
        assertThat(result.path("ips").path(1).path("address").asString()).startsWith("fd00:1:");
        assertThat(result.path("dns").path("nameservers").path(0).asString())
                .isEqualTo("10.96.0.10");
        assertThat(node.namespaces().check(pod, "ip", "link", "show", "eth0"))
                .contains("02:00:00:00:00:0a");
        node.namespaces().check(pod, "ping", "-c", "1", "-W", "20", "10.244.1.1");
        assertThat(node.runtime().check("web", pod, result)).isEqualTo(new Outcome(0, ""));

        String same =
                "{\"io.kubernetes.cri.pod-annotations\":{\"culvert.dev/ips\":\"10.244.1.77\"}}";
        node.runtime()
                .add("other", node.pod(), wishing(same))
                .assertRefused(105, "10.244.1.77 is taken by container web of pod default/web");
        node.runtime()
                .add("other", node.pod(), wishing(same.replace("10.244.1.77", "10.9.9.9")))
                .assertRefused(7, "10.9.9.9 is not for pods of this node");
        node.runtime()
                .add("other", node.pod(), wishing(same.replace("10.244.1.77", "web")))
                .assertRefused(7, "'web' is not an IP address");
        assertThat(node.attached()).containsExactly("web");
        node.restart();
        node.runtime().add("other", node.pod(), wishing(same)).assertRefused(105, "is taken by");
        node.runtime().del("web").assertSuccess();
        node.runtime().add("other", node.pod(), wishing(same)).assertSuccess();
    }

    @Test
    void namesAKeyThatItDoesNotKnow() throws Exception {
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        configuration.put("ipMasq", true);
        node.runtime()
                .add("web", node.pod(), configuration)
                .assertRefused(2, "'ipMasq' with the value true");
        assertThat(node.attached()).isEmpty();
    }

    @Test
    void keepsThePodToItsBandwidth() throws Exception {
        NetworkNamespace pod = node.pod();
        ObjectNode configuration =
                wishing(
                        """
                        {"bandwidth":{"ingressRate":8000000,"ingressBurst":4294967295,
                                      "egressRate":8000000,"egressBurst":4294967295}}
                        """);
        Outcome added = node.runtime().add("web", pod, configuration);
        added.assertSuccess();
        assertInBand("to the pod", transfer(node.namespace(), pod, "10.244.1.2"));
        assertInBand("from the pod", transfer(pod, node.namespace(), "10.244.1.1"));
        assertThat(qdiscs(node.namespace())).containsOnlyOnce("tbf");
        assertThat(qdiscs(pod)).containsOnlyOnce("tbf");
        configuration.set("prevResult", added.json());
        Map<String, String> check = CniCaller.variables("CHECK", "web", pod.path().toString());
        node.runtime().execute(check, configuration).assertSuccess();
        node.namespaces().check(pod, "tc", "qdisc", "del", "dev", "eth0", "root");
        node.runtime().execute(check, configuration).assertRefused(104, "is not limited as asked");

        node.runtime().del("web").assertSuccess();
        assertThat(qdiscs(node.namespace())).doesNotContain("tbf");
        assertThat(qdiscs(pod)).doesNotContain("tbf");
        assertThat(node.rtnetlink().links())
                .extracting(Link::name)
                .containsExactly("lo", "culvert0");
    }

    private String qdiscs(NetworkNamespace namespace) throws Exception {
        return node.namespaces().check(namespace, "tc", "qdisc", "show");
    }

    /** The lower bound is for a busy machine: it only says that the pod is not cut off. */
    private static void assertInBand(String way, Duration took) {
        double rate = BYTES / Math.max(1e-9, took.toNanos() / 1e9);
        System.out.printf("bandwidth %s: %.0f of %d bytes/s%n", way, rate, BYTES_A_SECOND);
        assertThat(rate).as(way).isBetween(BYTES_A_SECOND / 20.0, BYTES_A_SECOND * 1.3);
    }

    /** How long some TCP took, from the first byte that came to the last. */
    private static Duration transfer(NetworkNamespace from, NetworkNamespace to, String address)
            throws Exception {
        try (ServerSocketChannel server = to.call(ServerSocketChannel::open);
                SocketChannel sender = from.call(SocketChannel::open)) {
            server.bind(new InetSocketAddress(PORT));
            CompletableFuture<Duration> received =
                    CompletableFuture.supplyAsync(() -> receive(server));
            sender.connect(new InetSocketAddress(address, PORT));
            ByteBuffer data = ByteBuffer.allocate(BYTES);
            while (data.hasRemaining()) {
                sender.write(data);
            }
            return received.get(60, TimeUnit.SECONDS);
        }
    }

    private static Duration receive(ServerSocketChannel server) {
        try (SocketChannel connection = server.accept()) {
            ByteBuffer data = ByteBuffer.allocate(BYTES);
            connection.read(data);
            long start = System.nanoTime();
            int count = 0;
            while (data.hasRemaining() && count >= 0) {
                count = connection.read(data);
            }
            assertThat(data.remaining()).as("bytes that did not come").isZero();
            return Duration.ofNanos(System.nanoTime() - start);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
