package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.packet.PacketBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What event loops take from the machine, and tell about themselves. */
class LoopsIT {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final Duration IDLE = Duration.ofSeconds(1);

    @ParameterizedTest(name = "spinning {0} us")
    @ValueSource(ints = {0, 50})
    void carryTrafficAndRestWhenThereIsNone(int spinMicros) throws Exception {
        Tuning tuning = new Tuning(OuterDscp.NONE, spinMicros);
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces);
            TestNode one = nodes.get(0);
            TestNode two = nodes.get(1);
            try (Overlay _ = WireNode.start(one, two, Offload.ALL, tuning, true);
                    Overlay _ = WireNode.start(two, one, Offload.ALL, tuning, true)) {
                Transfers.Transfer transfer =
                        Transfers.tcp(one.pod(), two.pod(), two.podAddress(), 5 << 20);
                assertThat(transfer.received().digest()).isEqualTo(transfer.sentDigest());
                byte[] payload = PacketBuilder.payload(100);
                assertThat(Transfers.udpEcho(two.pod(), one.pod(), one.podAddress(), payload))
                        .isEqualTo(payload);
                long before = cpuNanos();
                await().pollDelay(IDLE).atMost(IDLE.multipliedBy(10)).until(() -> true);
                long used = cpuNanos() - before;
                System.out.printf(
                        "two idle loops spinning %d us took %d us of CPU a second%n",
                        spinMicros, TimeUnit.NANOSECONDS.toMicros(used));
                assertThat(used).isLessThan(IDLE.toNanos() / 5);
            }
        }
    }

    private static long cpuNanos() {
        long nanos = 0;
        for (long id : THREADS.getAllThreadIds()) {
            var thread = THREADS.getThreadInfo(id);
            if (thread != null && thread.getThreadName().startsWith("overlay")) {
                nanos += Math.max(0, THREADS.getThreadCpuTime(id));
            }
        }
        return nanos;
    }

    @Test
    void tellTheirBuffersAndHowLateTheyAre() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.overlay.bindTo(registry);
            double bytes = registry.get("culvert.overlay.buffer").gauge().value();
            assertThat(bytes).isBetween(8.0 * 65_536, 2.0 * (1 << 20));
            assertThat(node.overlay.bufferBytes()).isEqualTo((long) bytes);

            CountDownLatch release = new CountDownLatch(1);
            node.overlay.onEveryLoop(() -> awaitUninterruptibly(release));
            try {
                await().atMost(Duration.ofSeconds(20)).until(() -> lag(registry) > 0.3);
                assertThat(node.overlay.waiting()).isGreaterThan(Duration.ofMillis(200));
            } finally {
                release.countDown();
            }
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> node.overlay.waiting().compareTo(Duration.ofMillis(200)) < 0);
            assertThat(lag(registry)).isGreaterThan(0.3);
        }
        assertThat(registry.find("culvert.overlay.loop.lag").gauge()).isNull();
    }

    @Test
    void countTheirCalls() throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (WireNode node = WireNode.start(Offload.ALL, Tuning.DEFAULT, false)) {
            node.overlay.bindTo(registry);
            node.deliver(
                    PacketBuilder.ip(4)
                            .from(WireNode.FAR_POD)
                            .to(WireNode.POD)
                            .udp(PacketBuilder.payload(20))
                            .build());
            node.inPod("ping -n -c 1 -W 1 " + WireNode.FAR_POD);
            for (String what : List.of("sends", "messages", "writes")) {
                await().atMost(Duration.ofSeconds(10))
                        .until(
                                () ->
                                        registry.get("culvert.overlay." + what)
                                                        .functionCounter()
                                                        .count()
                                                > 0);
            }
        }
    }

    private static double lag(SimpleMeterRegistry registry) {
        return registry.get("culvert.overlay.loop.lag").gauge().value();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
