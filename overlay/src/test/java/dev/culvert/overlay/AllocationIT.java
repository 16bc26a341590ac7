package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.OverlayConfig.Offload;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Once it has warmed up, the packet path makes no objects, whether packets are small or
 * super-packets: event loops allocate less than half of the smallest object a packet or system
 * call. It has warmed up when the compiler is done, which takes as long as the machine pleases; a
 * path that makes objects never is.
 *
 * <p>The bound isn't zero because a call that is rare in its caller, such as a read that finds
 * nothing, may stay out of the compiler's inlining for good; the JDK's linker then makes a view of
 * the memory that takes errno, of 40 bytes, at each of those.
 */
class AllocationIT {
    private static final String LOOPS = "overlay-";
    private static final long PACKETS = 200_000;
    private static final long SUPER_BYTES = 150L << 20;
    private static final long HALF_AN_OBJECT_BYTES = 8;
    private static final int MOST_ROUNDS = 30;
    private static final int CLEAN_ROUNDS = 2;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Traffic in both directions. */
    private interface Load {
        void send(TestNode from, TestNode to) throws Exception;
    }

    @Test
    void smallPacketsMakeNoGarbage() throws Exception {
        assertNoGarbage(AllocationIT::datagrams);
    }

    @Test
    void superPacketsMakeNoGarbage() throws Exception {
        assertNoGarbage((from, to) -> Paths.tcp(from, to, IpFamily.IPV4, SUPER_BYTES / 2));
    }

    @Test
    void superPacketsOverIpv6MakeNoGarbage() throws Exception {
        assertNoGarbage((from, to) -> Paths.tcp(from, to, IpFamily.IPV6, SUPER_BYTES / 2));
    }

    private static void assertNoGarbage(Load load) throws Exception {
        try (TestNamespaces namespaces = TestNamespaces.assumePermitted().assumeTun()) {
            List<TestNode> nodes = TestNode.pair(namespaces);
            TestNode a = nodes.get(0);
            TestNode b = nodes.get(1);
            a.cutAtTheLink();
            b.cutAtTheLink();
            try (Overlay first = a.startOverlay(b, Offload.ALL, 1);
                    Overlay second = b.startOverlay(a, Offload.ALL, 1)) {
                int clean = 0;
                Round round = Round.of(load, a, b, first, second);
                for (int i = 1; i < MOST_ROUNDS && clean < CLEAN_ROUNDS; i++) {
                    round = Round.of(load, a, b, first, second);
                    clean = round.madeNoGarbage() ? clean + 1 : 0;
                }
                assertThat(clean)
                        .as("rounds in a row without garbage, of which the last was %s", round)
                        .isEqualTo(CLEAN_ROUNDS);
            }
        }
    }

    /**
     * Traffic of at least {@link #PACKETS}.
     *
     * @param bytes that event loops allocated meanwhile
     */
    private record Round(Usage used, long bytes) {
        static Round of(Load load, TestNode a, TestNode b, Overlay first, Overlay second)
                throws Exception {
            Usage before = Usage.of(first).plus(Usage.of(second));
            long bytes = allocated();
            Usage used = Usage.NONE;
            while (used.packets() < PACKETS) {
                load.send(a, b);
                load.send(b, a);
                used = Usage.of(first).plus(Usage.of(second)).minus(before);
            }
            return new Round(used, allocated() - bytes);
        }

        boolean madeNoGarbage() {
            return bytes >= 0
                    && bytes < HALF_AN_OBJECT_BYTES * Math.min(used.packets(), used.calls());
        }
    }

    /**
     * What overlays did.
     *
     * @param packets carried, counted as they are on the wire
     * @param calls that passed packets to or from the kernel, of one packet or many
     */
    private record Usage(long packets, long calls) {
        static final Usage NONE = new Usage(0, 0);

        static Usage of(Overlay overlay) {
            TrafficStats stats = overlay.stats();
            return new Usage(
                    stats.egress().packets() + stats.ingress().packets(),
                    stats.sends() + stats.messages() + stats.writes());
        }

        Usage plus(Usage other) {
            return new Usage(packets + other.packets, calls + other.calls);
        }

        Usage minus(Usage other) {
            return new Usage(packets - other.packets, calls - other.calls);
        }
    }

    private static long allocated() {
        long[] loops =
                Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
                        .filter(
                                thread ->
                                        thread != null && thread.getThreadName().startsWith(LOOPS))
                        .mapToLong(thread -> thread.getThreadId())
                        .toArray();
        assertThat(loops).as("event loops").hasSizeGreaterThanOrEqualTo(2);
        return Arrays.stream(THREADS.getThreadAllocatedBytes(loops)).sum();
    }

    private static void datagrams(TestNode from, TestNode to) throws Exception {
        try (DatagramChannel far = to.pod().call(DatagramChannel::open);
                DatagramChannel near = from.pod().call(DatagramChannel::open)) {
            far.bind(new InetSocketAddress(to.podAddress(), 0));
            near.connect(far.getLocalAddress());
            ByteBuffer payload = ByteBuffer.allocateDirect(64);
            for (int i = 0; i < 10_000; i++) {
                near.write(payload.clear());
            }
        }
    }
}
