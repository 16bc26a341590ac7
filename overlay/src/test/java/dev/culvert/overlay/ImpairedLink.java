package dev.culvert.overlay;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * An underlay that loses, doubles and reorders frames: a namespace between two nodes, with a thread
 * for each direction that carries frames from one interface to the other and decides by a seeded
 * random what becomes of each.
 */
final class ImpairedLink implements AutoCloseable {
    private static final int FRAME_BYTES = 2048;
    private static final int POLLIN = 1;
    private static final int POLLFD_BYTES = 8;
    private static final int IDLE_MILLIS = 2;
    private static final int JOIN_MILLIS = 5000;

    private final List<RawSocket> sockets = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;

    /**
     * How bad it is.
     *
     * @param loss which part of the frames is lost, 0 to 1
     * @param duplication which part arrives twice
     * @param reordering which part is overtaken by up to {@code distance} later frames
     * @param distance see there
     * @param seed of the random
     */
    record Impairment(
            double loss, double duplication, double reordering, int distance, long seed) {}

    /** Two nodes without {@code eth0}, for {@link #join}. */
    static List<TestNode> pair(TestNamespaces namespaces, IpFamily outer) throws Exception {
        return List.of(
                TestNode.create(1, outer, namespaces), TestNode.create(2, outer, namespaces));
    }

    /** Joins the nodes, which have no {@code eth0} yet. */
    void join(TestNamespaces namespaces, List<TestNode> nodes, Impairment impairment)
            throws Exception {
        NetworkNamespace middle = namespaces.create();
        TestNode.receiveOnOneCore(namespaces, middle);
        namespaces.check(middle, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
        for (TestNode node : nodes) {
            String device = "to" + node.number();
            namespaces.connect(node.node(), "eth0", middle, device);
            namespaces.check(middle, "ethtool", "-K", device, "gro", "off", "rxvlan", "off");
            node.addressUnderlay();
            node.cutAtTheLink();
            sockets.add(RawSocket.both(middle, device));
        }
        for (int i = 0; i < 2; i++) {
            Direction direction = new Direction(sockets.get(i), sockets.get(1 - i), impairment, i);
            threads.add(Thread.ofPlatform().daemon().name("link-" + i).start(direction::run));
        }
    }

    @Override
    public void close() {
        closed = true;
        threads.forEach(ImpairedLink::awaitEnd);
        sockets.forEach(RawSocket::close);
    }

    private static void awaitEnd(Thread thread) {
        try {
            thread.join(JOIN_MILLIS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Carries frames one way. */
    private final class Direction {
        private final RawSocket from;
        private final RawSocket to;
        private final Impairment impairment;
        private final Random random;
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment frame = arena.allocate(FRAME_BYTES, 8);
        private final MemorySegment poll = arena.allocate(POLLFD_BYTES, 8);

        /** Frames that wait for others to overtake them. */
        private final MemorySegment held;

        private final int[] heldLength;
        private final int[] heldFor;

        Direction(RawSocket from, RawSocket to, Impairment impairment, int number) {
            this.from = from;
            this.to = to;
            this.impairment = impairment;
            this.random = new Random(impairment.seed() + number);
            this.held = arena.allocate((long) FRAME_BYTES * impairment.distance(), 8);
            this.heldLength = new int[impairment.distance()];
            this.heldFor = new int[impairment.distance()];
            poll.set(JAVA_INT, 0, from.number());
            poll.set(JAVA_SHORT, 4, (short) POLLIN);
        }

        void run() {
            while (!closed) {
                long length = from.receive(frame.address(), FRAME_BYTES);
                if (length > 0) {
                    carry((int) length);
                } else if (LibC.poll(poll, 1, IDLE_MILLIS) == 0) {
                    releaseAll();
                }
            }
        }

        private void carry(int length) {
            double dice = random.nextDouble();
            double twice = impairment.loss() + impairment.duplication();
            double later = twice + impairment.reordering();
            if (dice >= twice && dice < later && hold(length)) {
                release();
                return;
            }
            if (dice >= impairment.loss()) {
                to.send(frame.address(), length);
            }
            if (dice >= impairment.loss() && dice < twice) {
                to.send(frame.address(), length);
            }
            release();
        }

        private boolean hold(int length) {
            int slot = freeSlot();
            if (slot < 0) {
                return false;
            }
            MemorySegment.copy(frame, 0, held, (long) FRAME_BYTES * slot, length);
            heldLength[slot] = length;
            heldFor[slot] = 1 + random.nextInt(impairment.distance());
            return true;
        }

        private int freeSlot() {
            for (int slot = 0; slot < heldLength.length; slot++) {
                if (heldLength[slot] == 0) {
                    return slot;
                }
            }
            return -1;
        }

        private void release() {
            for (int slot = 0; slot < heldLength.length; slot++) {
                if (heldLength[slot] > 0 && --heldFor[slot] < 0) {
                    send(slot);
                }
            }
        }

        private void releaseAll() {
            for (int slot = 0; slot < heldLength.length; slot++) {
                if (heldLength[slot] > 0) {
                    send(slot);
                }
            }
        }

        private void send(int slot) {
            to.send(held.address() + (long) FRAME_BYTES * slot, heldLength[slot]);
            heldLength[slot] = 0;
        }
    }
}
